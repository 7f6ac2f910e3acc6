#include "train/accumulation/accumulated_step.h"

#include "core/kernel_starts.h"

#include <algorithm>
#include <cmath>

namespace tandem {

namespace {

void run_once(Program& program, const Feeds& feeds) { program.run(feeds); }

std::unique_ptr<Program> compile(const ProgramGraph* graph, Variables& variables,
                                 const CompileOptions& options) {
  if (graph == nullptr) return nullptr;
  return std::make_unique<Program>(graph->graph, variables, graph->fetches, options);
}

// Values of one micro-batch within those of the batch.
std::span<float> part_of(std::vector<float>& all, int64_t part, int64_t parts) {
  const size_t length = all.size() / static_cast<size_t>(parts);
  return std::span(all).subspan(length * static_cast<size_t>(part), length);
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

}  // namespace

AccumulatedStep::AccumulatedStep(const ClipConfig& model, const TrainConfig& train,
                                 Variables& variables, const StepOptions& options)
    : model_(model), train_(train), options_(options), variables_(variables), parts_(model, train) {
  const AccumulationGraphs graphs(model, train, options);
  const CompileOptions compiled = compile_options(train, options);
  features_ = compile(graphs.features.get(), variables, compiled);
  loss_ = compile(graphs.loss.get(), variables, compiled);
  micro_batch_ = compile(graphs.micro_batch.get(), variables, compiled);
  update_ = compile(graphs.update.get(), variables, compiled);
  named_ = graphs.update->named;
  reached_ = graphs.reached;
  if (!features_) return;
  const auto features = static_cast<size_t>(train.step_pairs() * model.embed_dim);
  image_features_.resize(features);
  text_features_.resize(features);
}

uint64_t AccumulatedStep::run(const PairArrays& batch, const StepNumbers& numbers) {
  go(batch, numbers, run_once);
  return update_->last_ticket();
}

std::vector<KernelTime> AccumulatedStep::profile(const PairArrays& batch,
                                                 const StepNumbers& numbers) {
  std::vector<KernelTime> times;
  std::vector<double> starts;
  go(batch, numbers, [&](Program& program, const Feeds& feeds) {
    const KernelStarts of_program;
    const std::vector<KernelTime> some = program.profile(feeds);
    times.insert(times.end(), some.begin(), some.end());
    starts.insert(starts.end(), of_program.seconds().begin(), of_program.seconds().end());
  });
  KernelStarts::tell(std::move(starts));
  return times;
}

void AccumulatedStep::go(const PairArrays& batch, const StepNumbers& numbers, const Run& run) {
  parts_.cut(batch, numbers);
  accumulate(run);
  Feeds feeds;
  numbers.add_to(feeds);
  run(*update_, feeds);
}

void AccumulatedStep::accumulate(const Run& run) {
  if (features_) {
    compute_features(run);
    compute_loss(run);
  }
  if (!micro_batch_) return;
  for (int64_t part = 0; part < parts_.count(); ++part) {
    run(*micro_batch_, feeds_with_gradients(part));
  }
}

// Each is taken while the next is computed.
void AccumulatedStep::compute_features(const Run& run) {
  uint64_t before = 0;
  for (int64_t part = 0; part < parts_.count(); ++part) {
    run(*features_, parts_.feeds(part));
    if (part > 0) take_features(part - 1, before);
    before = features_->last_ticket();
  }
  take_features(parts_.count() - 1, before);
}

void AccumulatedStep::take_features(int64_t part, uint64_t ticket) {
  const auto take = [&](size_t fetch, std::vector<float>& all) {
    const std::vector<float> values = features_->fetch(ticket, fetch);
    std::copy(values.begin(), values.end(), part_of(all, part, parts_.count()).begin());
  };
  take(0, image_features_);
  take(1, text_features_);
}

Feeds AccumulatedStep::features() const {
  return {{"image_features", as_feed(image_features_)}, {"text_features", as_feed(text_features_)}};
}

void AccumulatedStep::compute_loss(const Run& run) {
  run(*loss_, features());
  image_gradients_ = loss_->fetch(loss_->last_ticket(), 0);
  text_gradients_ = loss_->fetch(loss_->last_ticket(), 1);
}

Feeds AccumulatedStep::feeds_with_gradients(int64_t part) {
  Feeds feeds = parts_.feeds(part);
  if (!features_) return feeds;
  feeds["image_gradients"] = std::as_bytes(part_of(image_gradients_, part, parts_.count()));
  feeds["text_gradients"] = std::as_bytes(part_of(text_gradients_, part, parts_.count()));
  return feeds;
}

std::optional<NonFinite> AccumulatedStep::find_nonfinite(const PairArrays& batch,
                                                         const StepNumbers& numbers) {
  parts_.cut(batch, numbers);
  std::optional<NonFinite> found;
  if (features_) {
    compute_features(run_once);
    found = find_in_features();
    if (!found) found = find_in_loss();
    if (!found) compute_loss(run_once);
  }
  if (!found) found = find_in_micro_batches();
  if (!found) found = find_in_update(numbers);
  return found;
}

std::optional<NonFinite> AccumulatedStep::find_in(ProgramGraph& program, const Feeds& feeds) {
  return tandem::find_nonfinite(program.graph, variables_, feeds, program.named_tensors(),
                                compile_options(train_, options_));
}

std::optional<NonFinite> AccumulatedStep::find_in_features() {
  FeatureGraph graph(model_, train_);
  for (int64_t part = 0; part < parts_.count(); ++part) {
    if (all_finite(part_of(image_features_, part, parts_.count())) &&
        all_finite(part_of(text_features_, part, parts_.count()))) {
      continue;
    }
    if (const auto found = find_in(graph, parts_.feeds(part))) return found;
  }
  return std::nullopt;
}

std::optional<NonFinite> AccumulatedStep::find_in_loss() {
  LossGraph graph(model_, train_, searched());
  return find_in(graph, features());
}

std::optional<NonFinite> AccumulatedStep::find_in_micro_batches() {
  if (!micro_batch_) return std::nullopt;
  MicroBatchGraph graph(model_, train_, searched());
  for (int64_t part = 0; part < parts_.count(); ++part) {
    if (const auto found = find_in(graph, feeds_with_gradients(part))) return found;
  }
  return std::nullopt;
}

// The parts are finite: their sum is not.
std::optional<NonFinite> AccumulatedStep::find_in_update(const StepNumbers& numbers) {
  accumulate(run_once);
  UpdateGraph graph(model_, train_, searched(), reached_);
  Feeds feeds;
  numbers.add_to(feeds);
  return find_in(graph, feeds);
}

MemoryReport AccumulatedStep::memory() const {
  std::vector<MemoryReport> reports;
  for (const Program* program : {features_.get(), loss_.get(), micro_batch_.get(), update_.get()}) {
    if (program != nullptr) reports.push_back(program->memory());
  }
  return memory_of_step(reports);
}

size_t AccumulatedStep::kernels() const {
  const auto times = static_cast<size_t>(parts_.count());
  const auto of = [](const std::unique_ptr<Program>& program) {
    return program ? program->kernels() : 0;
  };
  return times * (of(features_) + of(micro_batch_)) + of(loss_) + of(update_);
}

}  // namespace tandem
