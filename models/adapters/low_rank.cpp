#include "models/adapters/low_rank.h"

#include "autograd/ops/binary.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/stop_gradient.h"
#include "autograd/ops/unary.h"

namespace tandem {

namespace {

Tensor filled(Graph& graph, const Shape& shape, float value) {
  return graph.constant(shape,
                        std::vector<float>(static_cast<size_t>(shape.elements()), value));
}

Tensor joined(const std::vector<Tensor>& parts, int axis) {
  return parts.size() == 1 ? parts.front() : concat(parts, axis);
}

}  // namespace

LowRank::LowRank(Parameters& parameters, const std::vector<std::string>& parts, int64_t D,
                 int64_t C)
    : rows_(D), part_rows_(D / static_cast<int64_t>(parts.size())) {
  const LoraConfig& config = parameters.adaptation().lora;
  const int64_t r = config.rank;
  if (r == 0) return;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!config.targets.match(parts[i])) continue;
    Part part{.first = static_cast<int64_t>(i) * part_rows_};
    // Kaiming's uniform with a = sqrt 5, as the paper's code has it.
    part.A = parameters.added(parts[i] + ".lora_A", {r, C}, default_uniform(C));
    part.B = parameters.added(parts[i] + ".lora_B", {part_rows_, r}, Initializer::zeros());
    if (config.dora) {
      part.magnitude = parameters.added(parts[i] + ".lora_magnitude", {part_rows_},
                                        Initializer::constant(1));
    }
    parts_.push_back(part);
  }
  if (parts_.empty()) return;
  scaling_ = config.scaling();
  dropout_ = config.dropout;
  seed_ = parameters.seed(parts.front());
  use_ = parameters.next_use();
  std::vector<Tensor> all_A;
  std::vector<Tensor> all_B;
  const auto columns = static_cast<int64_t>(parts_.size()) * r;
  int64_t column = 0;
  int64_t row = 0;
  const auto zeros = [&](int64_t m, int64_t n) {
    return filled(parameters.graph(), {m, n}, 0.0f);
  };
  for (const Part& part : parts_) {
    all_A.push_back(part.A);
    if (part.first > row) all_B.push_back(zeros(part.first - row, columns));
    std::vector<Tensor> across;
    if (column > 0) across.push_back(zeros(part_rows_, column));
    across.push_back(part.B);
    column += r;
    if (column < columns) across.push_back(zeros(part_rows_, columns - column));
    all_B.push_back(joined(across, 1));
    row = part.first + part_rows_;
  }
  if (row < D) all_B.push_back(zeros(D - row, columns));
  down_ = joined(all_A, 0);
  up_ = scale(joined(all_B, 0), scaling_);
}

Tensor LowRank::row_factors(Tensor weight) const {
  Graph& graph = weight.graph();
  const FullPrecision precision(graph);
  std::vector<Tensor> all;
  int64_t row = 0;
  for (const Part& part : parts_) {
    if (part.first > row) all.push_back(filled(graph, {part.first - row}, 1.0f));
    row = part.first + part_rows_;
    const Tensor delta = scale(matmul(part.B, part.A), scaling_);
    const Tensor whole = add(slice(weight, 0, part.first, row), delta);
    const Tensor length = sqrt(sum(mul(whole, whole), {1}));
    all.push_back(div(part.magnitude, stop_gradient(length)));
  }
  if (row < rows_) all.push_back(filled(graph, {rows_ - row}, 1.0f));
  return joined(all, 0);
}

Tensor LowRank::forward(Tensor x, Tensor weight, Tensor bias) const {
  const Tensor dropped = seed_ ? dropout(x, dropout_, seed_, use_) : x;
  const Tensor low = linear(dropped, down_, {});
  if (!parts_.front().magnitude) {
    return linear(low, up_, {}, Activation::none, linear(x, weight, bias));
  }
  const Tensor y = linear(low, up_, {}, Activation::none, linear(x, weight, {}));
  const Tensor scaled = mul(y, row_factors(weight));
  return bias ? add(scaled, bias) : scaled;
}

}  // namespace tandem
