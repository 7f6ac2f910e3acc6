#include "train/tuning/deltas.h"

#include "core/error.h"
#include "models/adapters/ia3.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <map>
#include <span>

namespace tandem {

namespace {

constexpr std::string_view magnitude_end = ".lora_magnitude";
constexpr std::string_view A_end = ".lora_A";
constexpr std::string_view B_end = ".lora_B";
constexpr std::string_view ia3_end = ".ia3";

std::string without(const std::string& name, std::string_view end) {
  return name.substr(0, name.size() - end.size());
}

class Merger {
 public:
  Merger(const std::vector<NamedTensor>& base, const std::vector<NamedTensor>& adapter,
         const Adaptation& adaptation)
      : result_(base), adaptation_(adaptation) {
    for (NamedTensor& tensor : result_) parameters_[tensor.name] = &tensor;
    for (const NamedTensor& tensor : adapter) adapter_[tensor.name] = &tensor;
  }

  std::vector<NamedTensor> run() {
    for (const auto& [name, tensor] : adapter_) {
      if (const auto own = parameters_.find(name); own != parameters_.end()) {
        own->second->values = tensor->values;
      } else if (name.starts_with("prompt.")) {
        fail<ConfigError>(
            "adapter merge: '{}' is a learnt token, which no weight of the model can take up; use "
            "the adapter beside its base.",
            name);
      }
    }
    for (const auto& [name, tensor] : adapter_) {
      if (name.ends_with(A_end)) merge_low_rank(without(name, A_end));
      if (name.ends_with(ia3_end)) merge_factors(without(name, ia3_end), *tensor);
    }
    return std::move(result_);
  }

 private:
  NamedTensor& parameter(const std::string& name) const {
    const auto found = parameters_.find(name);
    if (found == parameters_.end()) {
      fail<CheckpointError>("adapter merge: the base has no {}.", name);
    }
    return *found->second;
  }

  const NamedTensor& added(const std::string& name) const {
    const auto found = adapter_.find(name);
    if (found == adapter_.end()) {
      fail<CheckpointError>("adapter merge: the adapter has no {}.", name);
    }
    return *found->second;
  }

  // The rows of a part's weight.
  std::span<float> rows(const LayerPart& place) const {
    NamedTensor& weight = parameter(place.weight);
    const size_t size = weight.values.size() / static_cast<size_t>(place.count);
    return std::span(weight.values).subspan(static_cast<size_t>(place.index) * size, size);
  }

  void merge_low_rank(const std::string& part) const {
    const NamedTensor& A = added(part + std::string(A_end));
    const NamedTensor& B = added(part + std::string(B_end));
    const auto r = static_cast<size_t>(A.shape[0]);
    const auto C = static_cast<size_t>(A.shape[1]);
    const auto D = static_cast<size_t>(B.shape[0]);
    const std::span<float> weight = rows(layer_part(part));
    if (weight.size() != D * C || B.shape[1] != A.shape[0]) {
      fail<CheckpointError>("adapter merge: {} has A {} and B {}, which do not fit the weight.",
                            part, A.shape, B.shape);
    }
    const auto magnitude = adapter_.find(part + std::string(magnitude_end));
    std::vector<double> row(C);
    for (size_t d = 0; d < D; ++d) {
      double squares = 0;
      for (size_t c = 0; c < C; ++c) {
        double sum = 0;
        for (size_t k = 0; k < r; ++k) {
          sum += static_cast<double>(B.values[d * r + k]) * A.values[k * C + c];
        }
        row[c] = weight[d * C + c] + adaptation_.lora.scaling() * sum;
        squares += row[c] * row[c];
      }
      const double factor = magnitude == adapter_.end()
                                ? 1.0
                                : magnitude->second->values.at(d) / std::sqrt(squares);
      for (size_t c = 0; c < C; ++c) weight[d * C + c] = static_cast<float>(factor * row[c]);
    }
  }

  void merge_factors(const std::string& part, const NamedTensor& factors) const {
    const LayerPart place = layer_part(part);
    const std::span<float> weight = rows(place);
    const size_t count = factors.values.size();
    if (ia3_scales_inputs(part)) {
      for (size_t i = 0; i < weight.size(); ++i) weight[i] *= factors.values[i % count];
      return;
    }
    const size_t C = weight.size() / count;
    for (size_t i = 0; i < weight.size(); ++i) weight[i] *= factors.values[i / C];
    std::vector<float>& bias = parameter(place.bias).values;
    const size_t first = static_cast<size_t>(place.index) * count;
    for (size_t d = 0; d < count; ++d) bias.at(first + d) *= factors.values[d];
  }

  std::vector<NamedTensor> result_;
  const Adaptation& adaptation_;
  std::map<std::string, NamedTensor*> parameters_;
  std::map<std::string, const NamedTensor*> adapter_;
};

}  // namespace

LayerPart layer_part(const std::string& part) {
  constexpr std::array<std::string_view, 3> thirds{".attn.q", ".attn.k", ".attn.v"};
  for (size_t i = 0; i < thirds.size(); ++i) {
    if (!part.ends_with(thirds[i])) continue;
    const std::string attention = without(part, thirds[i].substr(thirds[i].size() - 1));
    return {attention + "in_proj_weight", attention + "in_proj_bias", static_cast<int64_t>(i), 3};
  }
  return {part + ".weight", part + ".bias"};
}

bool is_magnitude(const std::string& name) { return name.ends_with(magnitude_end); }

std::vector<float> first_magnitudes(const std::string& name,
                                    const std::vector<NamedTensor>& base) {
  const LayerPart place = layer_part(without(name, magnitude_end));
  std::vector<float> lengths;
  for (const NamedTensor& tensor : base) {
    if (tensor.name != place.weight) continue;
    const int64_t rows = tensor.shape[0] / place.count;
    const auto C = static_cast<size_t>(tensor.shape[1]);
    for (int64_t row = place.index * rows; row < (place.index + 1) * rows; ++row) {
      double squares = 0;
      for (size_t c = 0; c < C; ++c) {
        const double value = tensor.values[static_cast<size_t>(row) * C + c];
        squares += value * value;
      }
      lengths.push_back(static_cast<float>(std::sqrt(squares)));
    }
  }
  return lengths;
}

std::vector<NamedTensor> merged(const std::vector<NamedTensor>& base,
                                const std::vector<NamedTensor>& adapter,
                                const Adaptation& adaptation) {
  return Merger(base, adapter, adaptation).run();
}

}  // namespace tandem
