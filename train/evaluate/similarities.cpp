#include "train/evaluate/similarities.h"

#include "autograd/ops/matmul.h"

namespace tandem {

Similarities::Similarities(Device& device, int64_t rows, int64_t columns, int64_t width)
    : rows_(rows), columns_(columns), width_(width), variables_(device) {
  Graph graph;
  const Tensor a = graph.input("a", {DType::f32, {rows, width}});
  const Tensor b = graph.input("b", {DType::f32, {columns, width}});
  program_ = std::make_unique<Program>(graph, variables_,
                                       std::vector<Tensor>{matmul(a, b, false, true)});
}

std::vector<float> Similarities::operator()(std::span<const float> a, std::span<const float> b) {
  std::vector<float> padded_a(a.begin(), a.end()), padded_b(b.begin(), b.end());
  padded_a.resize(static_cast<size_t>(rows_ * width_));
  padded_b.resize(static_cast<size_t>(columns_ * width_));
  return program_->fetch(program_->run({{"a", as_feed(padded_a)}, {"b", as_feed(padded_b)}}), 0);
}

}  // namespace tandem
