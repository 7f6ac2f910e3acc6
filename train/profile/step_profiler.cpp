#include "train/profile/step_profiler.h"

#include "core/kernel_starts.h"
#include "train/step_plan.h"

#include <algorithm>
#include <sstream>

namespace tandem {

StepProfiler::StepProfiler(ProfileOptions options, RunOutput& output)
    : options_(std::move(options)), output_(output) {}

uint64_t StepProfiler::run(TrainStep& step, const RunConfig& config, const DeviceInfo& device,
                           const PairArrays& batch, const StepSettings& settings) {
  const int64_t index = steps_++;
  if (watching_ && index >= options_.warmup && index < first_alone()) {
    host("step", [&] { look_at(step, batch, settings); });
    looked_at_ = seconds_now() - begin_;
    return ++ticket_;  // a profile counts as a run
  }
  const double begin = seconds_now();
  host("start step", [&] { ticket_ = step.run(batch, settings); });
  if (watching_ && index < all()) started_[ticket_ % 2] = {ticket_, begin};
  if (index + 1 == all()) last_ = ticket_;
  if (options_.steps > 0 && index + 1 == options_.warmup) {
    // What the loader and the host do for the first step that counts begins here.
    costs_ = plan_step(config, device).costs;
    begin_ = seconds_now();
    watching_ = true;
  }
  return ticket_;
}

StepResult StepProfiler::result(TrainStep& step, uint64_t ticket) {
  StepResult result;
  host("wait for step", [&] { result = step.result(ticket); });
  if (watching_) ended(ticket, seconds_now());
  return result;
}

void StepProfiler::ended(uint64_t ticket, double end) {
  const Started started = started_[ticket % 2];
  if (started.ticket != ticket) return;
  // Two lanes, since steps overlap.
  trace_.add(ticket % 2 == 0 ? "even steps" : "odd steps", {"step under way", started.begin, end});
  const Started next = started_[(ticket + 1) % 2];
  if (next.ticket == ticket + 1) {
    ahead_ += end - next.begin;
    ++ended_;
  }
  if (ticket == last_) write();
}

void StepProfiler::look_at(TrainStep& step, const PairArrays& batch,
                           const StepSettings& settings) {
  const KernelStarts starts;
  const std::vector<KernelTime> times = step.profile(batch, settings);
  ops_.add(times, costs_);
  add_kernels(times, starts.seconds());
}

void StepProfiler::add_kernels(const std::vector<KernelTime>& times,
                               const std::vector<double>& starts) {
  for (size_t i = 0; i < std::min({times.size(), starts.size(), costs_.size()}); ++i) {
    if (times[i].seconds <= 0) continue;
    nlohmann::ordered_json details{{"where", times[i].label},
                                   {"flops", costs_[i].cost.flops},
                                   {"bytes", costs_[i].cost.bytes},
                                   {"backward", costs_[i].backward}};
    trace_.add("device", {std::string(costs_[i].op->name), starts[i],
                          starts[i] + times[i].seconds, std::move(details)});
  }
}

void StepProfiler::loader(int64_t worker, int64_t batch, double begin, double end) {
  if (!watching_ || begin < begin_) return;
  trace_.add(fmt::format("loader {}", worker), {"batch", begin, end, {{"batch", batch}}});
}

void StepProfiler::write() {
  watching_ = false;
  const double seconds = looked_at_ / static_cast<double>(options_.steps);
  trace_.write(options_.file, {"host", "even steps", "odd steps", "device"});
  if (ops_.runs() == 0) {
    output_.say("profile: the device has no timestamps, and the trace no times of kernels");
  } else {
    output_.say(fmt::format("profile of {} steps after {}, {:.1f} ms each, {:.1f} ms in kernels:",
                            options_.steps, options_.warmup, 1e3 * seconds,
                            1e3 * ops_.seconds()));
    std::istringstream lines(ops_.table());
    for (std::string line; std::getline(lines, line);) output_.say(line);
  }
  if (ended_ > 0) {
    output_.say(fmt::format("each step was started {:.2f} ms before the one before it had ended",
                            1e3 * ahead_ / static_cast<double>(ended_)));
  }
  output_.say(fmt::format("profile: {}", options_.file.string()));
}

void StepProfiler::finish() {
  if (options_.steps == 0 || steps_ >= all()) return;
  output_.say(fmt::format("profile: nothing was written, since the run made {} of the {} steps "
                          "that it needs; give it more, or a smaller --profile-steps",
                          steps_, all()));
}

}  // namespace tandem
