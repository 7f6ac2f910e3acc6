#include "train/tuning/deltas.h"

#include "core/error.h"
#include "models/adapters/ia3.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
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

// Half the distance to the next number, by which rounding is at most wrong.
double rounding(float value) {
  const float size = std::fabs(value);
  return 0.5 * (double{std::nextafter(size, std::numeric_limits<float>::infinity())} - size);
}

// Takes an adapter into weights, or out of those that it was taken into.
class Merger {
 public:
  enum class Way { in, out };

  Merger(const std::vector<NamedTensor>& weights, const std::vector<NamedTensor>& adapter,
         const Adaptation& adaptation, Way way)
      : result_{weights, 0}, adaptation_(adaptation), way_(way) {
    for (NamedTensor& tensor : result_.tensors) parameters_[tensor.name] = &tensor;
    for (const NamedTensor& tensor : adapter) adapter_[tensor.name] = &tensor;
  }

  Unmerged run() {
    for (const auto& [name, tensor] : adapter_) {
      if (way_ == Way::out) require_inverse(name, *tensor);
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
  void require_inverse(const std::string& name, const NamedTensor& tensor) const {
    const auto refuse = [&](const char* what) {
      fail<ConfigError>("adapter unmerge: '{}' {}, so that only the base has what was there "
                        "before; give it by --base.",
                        name, what);
    };
    if (parameters_.contains(name)) refuse("is a trained parameter of the model");
    if (is_magnitude(name)) refuse("sets the lengths of a weight's rows");
    const auto zero = std::find(tensor.values.begin(), tensor.values.end(), 0.0f);
    if (name.ends_with(ia3_end) && zero != tensor.values.end()) refuse("has factors of zero");
  }

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

  // Sets a value that was computed in double from one that was itself rounded, with an error that
  // grew by `factor` on the way.
  void set(float& value, double computed, double factor) {
    const double inherited = way_ == Way::out ? rounding(value) * factor : 0;
    value = static_cast<float>(computed);
    result_.error = std::max(result_.error, inherited + rounding(value));
  }

  void merge_low_rank(const std::string& part) {
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
    const double scaling = adaptation_.lora.scaling() * (way_ == Way::in ? 1 : -1);
    std::vector<double> row(C);
    for (size_t d = 0; d < D; ++d) {
      double squares = 0;
      for (size_t c = 0; c < C; ++c) {
        double sum = 0;
        for (size_t k = 0; k < r; ++k) {
          sum += static_cast<double>(B.values[d * r + k]) * A.values[k * C + c];
        }
        row[c] = weight[d * C + c] + scaling * sum;
        squares += row[c] * row[c];
      }
      const double factor = magnitude == adapter_.end()
                                ? 1.0
                                : magnitude->second->values.at(d) / std::sqrt(squares);
      for (size_t c = 0; c < C; ++c) set(weight[d * C + c], factor * row[c], 1);
    }
  }

  void scale(float& value, float factor) {
    if (way_ == Way::in) return set(value, double{value} * factor, 1);
    set(value, double{value} / factor, 1 / std::fabs(double{factor}));
  }

  void merge_factors(const std::string& part, const NamedTensor& factors) {
    const LayerPart place = layer_part(part);
    const std::span<float> weight = rows(place);
    const size_t count = factors.values.size();
    if (ia3_scales_inputs(part)) {
      for (size_t i = 0; i < weight.size(); ++i) scale(weight[i], factors.values[i % count]);
      return;
    }
    const size_t C = weight.size() / count;
    for (size_t i = 0; i < weight.size(); ++i) scale(weight[i], factors.values[i / C]);
    std::vector<float>& bias = parameter(place.bias).values;
    const size_t first = static_cast<size_t>(place.index) * count;
    for (size_t d = 0; d < count; ++d) scale(bias.at(first + d), factors.values[d]);
  }

  Unmerged result_;
  const Adaptation& adaptation_;
  Way way_;
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
  return Merger(base, adapter, adaptation, Merger::Way::in).run().tensors;
}

Unmerged unmerged(const std::vector<NamedTensor>& weights, const std::vector<NamedTensor>& adapter,
                  const Adaptation& adaptation) {
  return Merger(weights, adapter, adaptation, Merger::Way::out).run();
}

}  // namespace tandem
