#include "train/adapters/fitted_adapter.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/unary.h"
#include "core/error.h"
#include "models/adapters/class_scores.h"
#include "models/adapters/clip_adapter.h"
#include "models/adapters/tip_adapter.h"

#include <algorithm>

namespace tandem {
namespace {

const NamedTensor& tensor_of(const FittedAdapter& adapter, const std::string& name) {
  const auto found = std::find_if(adapter.tensors.begin(), adapter.tensors.end(),
                                  [&](const NamedTensor& tensor) { return tensor.name == name; });
  if (found == adapter.tensors.end()) {
    fail<CheckpointError>("the adapter '{}' has no tensor '{}'.", adapter.kind, name);
  }
  return *found;
}

double number_of(const FittedAdapter& adapter, const std::string& name) {
  const auto found = adapter.numbers.find(name);
  if (found == adapter.numbers.end()) {
    fail<CheckpointError>("the adapter '{}' has no number '{}'.", adapter.kind, name);
  }
  return found->second;
}

Tensor declared(Graph& graph, const NamedTensor& tensor) {
  return graph.variable(tensor.name, {DType::f32, tensor.shape}, Variable::Kind::frozen);
}

Tensor number(Graph& graph, double value) {
  return graph.constant({1}, std::vector<float>{static_cast<float>(value)});
}

Tensor text_scores(const FittedAdapter& adapter, Graph& graph, Tensor features) {
  return class_scores(features, declared(graph, tensor_of(adapter, "class_texts")),
                      number_of(adapter, "logit_scale"));
}

Tensor clip_adapter_scores(const FittedAdapter& adapter, Graph& graph, Tensor features) {
  const Shape& down = tensor_of(adapter, "image_adapter.fc.0.weight").shape;
  const ClipAdapter model(graph, {.width = down[1],
                                  .reduction = down[1] / down[0],
                                  .ratio = number_of(adapter, "ratio")});
  return text_scores(adapter, graph, model.forward(features));
}

Tensor tip_adapter_scores(const FittedAdapter& adapter, Graph& graph, Tensor features) {
  const Tensor texts = text_scores(adapter, graph, features);
  const NamedTensor& keys = tensor_of(adapter, "cache.keys");
  const TipAdapter model(graph, {.width = keys.shape[1],
                                 .cached = keys.shape[0],
                                 .classes = texts.shape()[1],
                                 .trained = adapter.kind == "tip_adapter_f"});
  const Tensor cache = model.cache_scores(features, number(graph, number_of(adapter, "beta")));
  return add(texts, scale(cache, number_of(adapter, "alpha")));
}

Tensor linear_scores(const FittedAdapter& adapter, Graph& graph, Tensor features) {
  return linear(features, declared(graph, tensor_of(adapter, "weight")),
                declared(graph, tensor_of(adapter, "bias")));
}

}  // namespace

ScoreGraph score_graph(const FittedAdapter& adapter) {
  const std::map<std::string, Tensor (*)(const FittedAdapter&, Graph&, Tensor)> kinds{
      {"zero_shot", text_scores},
      {"linear_probe", linear_scores},
      {"clip_adapter", clip_adapter_scores},
      {"tip_adapter", tip_adapter_scores},
      {"tip_adapter_f", tip_adapter_scores}};
  const auto found = kinds.find(adapter.kind);
  if (found == kinds.end()) {
    fail<CheckpointError>("the adapter's kind '{}' classifies nothing.", adapter.kind);
  }
  return [build = found->second, &adapter](Graph& graph, Tensor features) {
    return build(adapter, graph, features);
  };
}

std::vector<int32_t> adapter_ranks(const FittedAdapter& adapter, const LabelledRows& pictures,
                                   Device& device) {
  Variables variables(device);
  FeatureScorer scorer(score_graph(adapter), pictures.features->width(), variables);
  for (const NamedTensor& tensor : adapter.tensors) variables.set(tensor.name, tensor.values);
  return ranks_of(scorer.scores(pictures), pictures.labels);
}

FittedAdapter with_classes(const FittedAdapter& adapter, std::vector<float> texts,
                           int64_t width) {
  if (adapter.kind == "linear_probe") {
    fail<ConfigError>("linear_probe: knows the classes that it was trained on and no new ones; "
                      "leave out data.few_shot.base_to_new.");
  }
  FittedAdapter other = adapter;
  const auto K = static_cast<int64_t>(texts.size()) / width;
  for (NamedTensor& tensor : other.tensors) {
    if (tensor.name == "class_texts") tensor = {"class_texts", {K, width}, texts};
    if (tensor.name != "cache.values") continue;  // what is cached is of none of these classes
    const int64_t S = tensor.shape[0];
    tensor = {tensor.name, {S, K}, std::vector<float>(static_cast<size_t>(S * K))};
  }
  return other;
}

}  // namespace tandem
