#include "train/adapters/tip_search.h"

#include "models/adapters/tip_adapter.h"
#include "train/evaluate/classification.h"

namespace tandem {
namespace {

constexpr double largest_alpha = 1000;

// `steps` values from 0.1 in equal steps, all below `most`.
std::vector<double> grid(double most, int steps) {
  std::vector<double> values;
  for (int i = 0; i < steps; ++i) values.push_back(i * (most - 0.1) / steps + 0.1);
  return values;
}

const Shape& shape_of(const FittedAdapter& adapter, const std::string& name) {
  for (const NamedTensor& tensor : adapter.tensors) {
    if (tensor.name == name) return tensor.shape;
  }
  fail<CheckpointError>("the adapter '{}' has no tensor '{}'.", adapter.kind, name);
}

class Search {
 public:
  Search(const FittedAdapter& adapter, const LabelledRows& validation, Device& device)
      : validation_(validation), variables_(device) {
    FittedAdapter texts = adapter;
    texts.kind = "zero_shot";
    const int64_t E = validation.features->width();
    FeatureScorer by_text(score_graph(texts), E, variables_);
    const TipAdapterShape shape{.width = E,
                                .cached = shape_of(adapter, "cache.keys")[0],
                                .classes = by_text.classes()};
    by_cache_.emplace(
        [&shape](Graph& graph, Tensor features) {
          const Tensor beta = graph.input("beta", {DType::f32, {1}});
          return TipAdapter(graph, shape).cache_scores(features, beta);
        },
        E, variables_);
    for (const NamedTensor& tensor : adapter.tensors) variables_.set(tensor.name, tensor.values);
    texts_ = by_text.scores(validation);
  }

  // The best of all pairs.
  TipChoice best_of(const std::vector<double>& alphas, const std::vector<double>& betas) {
    best_ = {};
    for (const double beta : betas) attempt(beta, alphas);
    return best_;
  }

 private:
  void attempt(double beta, const std::vector<double>& alphas) {
    const std::vector<float> value{static_cast<float>(beta)};
    const std::vector<float> cache = by_cache_->scores(validation_, {{"beta", as_feed(value)}});
    std::vector<float> scores(cache.size());
    for (const double alpha : alphas) {
      for (size_t i = 0; i < scores.size(); ++i) {
        scores[i] = texts_[i] + static_cast<float>(alpha) * cache[i];
      }
      const double right = accuracy(ranks_of(scores, validation_.labels));
      if (right < best_.validation_acc1) continue;
      const TipChoice found{alpha, beta, right, cross_entropy_of(scores, validation_.labels)};
      if (found.better_than(best_)) best_ = found;
    }
  }

  const LabelledRows& validation_;
  Variables variables_;
  std::optional<FeatureScorer> by_cache_;
  std::vector<float> texts_;
  TipChoice best_;
};

}  // namespace

TipChoice search_tip(const FittedAdapter& adapter, const LabelledRows& validation,
                     const TipAdapterConfig& config, Device& device) {
  Search search(adapter, validation, device);
  const std::vector<double> betas = grid(config.beta_max, 200);
  TipChoice best = search.best_of({config.alpha}, {config.beta});
  for (double most = config.alpha_max; most <= largest_alpha; most *= 2) {
    const std::vector<double> alphas = grid(most, 20);
    const TipChoice wider = search.best_of(alphas, betas);
    if (wider.better_than(best)) best = wider;
    if (best.alpha < alphas.back()) break;
  }
  return best;
}

}  // namespace tandem
