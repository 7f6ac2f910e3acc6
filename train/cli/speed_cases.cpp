#include "train/cli/speed_cases.h"

#include "autograd/ops/accumulate.h"
#include "autograd/ops/activation.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/binary.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/embedding.h"
#include "autograd/ops/failure.h"
#include "autograd/ops/l2_normalize.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/loss_scale.h"
#include "autograd/ops/losses.h"
#include "autograd/ops/matmul.h"
#include "autograd/ops/movement.h"
#include "autograd/ops/optimizer.h"
#include "autograd/ops/patchify.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/unary.h"
#include "core/philox.h"

namespace tandem {

namespace {

using Tensors = std::vector<Tensor>;

// Large enough to lie outside every cache: 32 MiB.
const Shape matrix{8192, 1024};

CaseInput floats(const Shape& shape, double low = -1, double high = 1) {
  return {.type = {DType::f32, shape}, .low = low, .high = high};
}

CaseInput whole(const Shape& shape, int64_t below) {
  return {.type = {DType::i32, shape}, .low = 0, .high = static_cast<double>(below)};
}

OpCase item(std::string name, std::vector<CaseInput> inputs,
            std::function<Tensor(const Tensors&)> build) {
  return {.name = std::move(name),
          .inputs = std::move(inputs),
          .build = [build = std::move(build)](const Tensors& in) { return Tensors{build(in)}; }};
}

void add_elementwise(std::vector<OpCase>& all) {
  const CaseInput x = floats(matrix, 0.5, 2);
  const auto unary = [&](const char* name, Tensor (*op)(Tensor)) {
    all.push_back(item(name, {x}, [op](const Tensors& in) { return op(in[0]); }));
  };
  unary("exp", exp);
  unary("log", log);
  unary("sqrt", sqrt);
  unary("scale", [](Tensor t) { return scale(t, 3); });
  unary("activation", gelu);
  unary("cast", [](Tensor t) { return cast(cast(t, DType::bf16), DType::f32); });
  const auto binary = [&](const char* name, Tensor (*op)(Tensor, Tensor)) {
    all.push_back(item(name, {x, x}, [op](const Tensors& in) { return op(in[0], in[1]); }));
  };
  binary("add", add);
  binary("sub", sub);
  binary("mul", mul);
  binary("div", div);
  all.push_back(item("dropout", {x, whole({5}, 1 << 20)},
                     [](const Tensors& in) { return dropout(in[0], 0.1, in[1], 7); }));
}

void add_movement(std::vector<OpCase>& all) {
  all.push_back(item("concat", {floats({128, 1, 1024}), floats({128, 63, 1024})},
                     [](const Tensors& in) { return concat(in, 1); }));
  all.push_back(item("slice", {floats({128, 64, 1024})},
                     [](const Tensors& in) { return slice(in[0], 1, 1, 64); }));
  all.push_back(item("transpose", {floats({128, 64, 16, 64})},
                     [](const Tensors& in) { return transpose(in[0], {0, 2, 1, 3}); }));
  all.push_back(item("gather_rows", {floats({1024, 64, 128}), whole({1024}, 64)},
                     [](const Tensors& in) { return gather_rows(in[0], in[1]); }));
  all.push_back(item("patchify", {floats({64, 3, 224, 224})},
                     [](const Tensors& in) { return patchify(in[0], 32); }));
  all.push_back(item("broadcast_to", {floats({1, 1024})},
                     [](const Tensors& in) { return broadcast_to(in[0], matrix); }));
  all.push_back(item("embedding", {floats({49408, 512})}, [](const Tensors& in) {
    constexpr int64_t N = 64, T = 77, V = 49408;
    Random random(1, 0, 0, RandomUse::test);
    std::vector<int32_t> ids;
    for (int64_t i = 0; i < N * T; ++i) ids.push_back(static_cast<int32_t>(random.below(V)));
    Graph& graph = in[0].graph();
    return embedding(in[0], graph.constant({N, T}, ids),
                     graph.constant({N * T}, embedding_order(ids, V)));
  }));
}

void add_rows(std::vector<OpCase>& all) {
  all.push_back(item("sum", {floats(matrix)}, [](const Tensors& in) { return sum(in[0], {1}); }));
  all.push_back(item("max", {floats(matrix)}, [](const Tensors& in) { return max(in[0], {1}); }));
  all.push_back(
      item("softmax", {floats(matrix)}, [](const Tensors& in) { return softmax(in[0]); }));
  all.push_back(item("l2_normalize", {floats(matrix)},
                     [](const Tensors& in) { return l2_normalize(in[0]); }));
  all.push_back(item("layer_norm", {floats(matrix), floats({1024}), floats({1024})},
                     [](const Tensors& in) { return layer_norm(in[0], in[1], in[2]); }));
  all.push_back(item("cross_entropy", {floats(matrix), whole({8192}, 1024)},
                     [](const Tensors& in) { return cross_entropy(in[0], in[1]); }));
  all.push_back(item("contrastive_loss", {floats({2048, 2048}), floats({}, 2, 2)},
                     [](const Tensors& in) { return contrastive_loss(in[0], in[1]); }));
  all.push_back(item("sigmoid_loss", {floats({2048, 2048}), floats({}, 2, 2), floats({}, -9, -9)},
                     [](const Tensors& in) { return sigmoid_loss(in[0], in[1], in[2]); }));
}

// Shapes of ViT-B/32 at batch 32.
void add_products(std::vector<OpCase>& all) {
  all.push_back(item("matmul", {floats({1024, 1024}), floats({1024, 1024})},
                     [](const Tensors& in) { return matmul(in[0], in[1]); }));
  all.push_back(item("linear", {floats({1600, 768}), floats({3072, 768}), floats({3072})},
                     [](const Tensors& in) { return linear(in[0], in[1], in[2]); }));
  all.push_back(item("attention", {floats({32, 50, 2304})},
                     [](const Tensors& in) { return attention(in[0], 12, false); }));
}

// Ops over all parameters at once, of 8 million.
void add_optimizer(std::vector<OpCase>& all) {
  constexpr int64_t count = 1 << 23;
  CaseInput x = floats({count});
  x.differentiable = false;
  all.push_back(item("pack", {x, x}, [](const Tensors& in) {
    return pack(in, {0, count}, 2 * count);
  }));
  all.push_back(item("accumulate", {x}, [](const Tensors& in) {
    Graph& graph = in[0].graph();
    const Tensor sum = graph.variable("sum", in[0].type(), Variable::Kind::state);
    accumulate(sum, in[0], 0, graph.constant({1}, std::vector<float>{1}));
    return sum;
  }));
  all.push_back(item("adamw", {x}, [](const Tensors& in) {
    Graph& graph = in[0].graph();
    const Tensors w{graph.parameter("w", {count}, Initializer::zeros())};
    const UpdateTables tables = update_tables(w, in, {{}}, {0});
    const Tensor arena = gradient_arena(w, in);
    const Tensor loss = graph.constant({}, std::vector<float>{1});
    const Tensor norm = gradient_norm(arena, tables.blocks, loss);
    const auto hyper = adamw_hyper(1e-3, 0.9, 0.98, 1e-6, 1);
    adamw(arena, tables.blocks, tables.groups, norm,
          graph.constant({8}, std::vector<float>(hyper.begin(), hyper.end())));
    loss_scale(graph, 65536);
    update_loss_scale(norm, 2, 0.5, 2000);
    update_failed(norm, norm, norm);
    return norm;
  }));
  all.push_back(item("sgd", {x}, [](const Tensors& in) {
    Graph& graph = in[0].graph();
    const Tensors w{graph.parameter("w", {count}, Initializer::zeros())};
    const UpdateTables tables = update_tables(w, in, {{}}, {0});
    const Tensor norm = graph.constant({1}, std::vector<float>{1});
    const auto hyper = sgd_hyper(1e-3, 0.9);
    const Tensor arena = gradient_arena(w, in);
    sgd(arena, tables.blocks, tables.groups, norm,
        graph.constant({8}, std::vector<float>(hyper.begin(), hyper.end())));
    return arena;
  }));
}

}  // namespace

std::vector<OpCase> speed_cases() {
  std::vector<OpCase> all;
  add_elementwise(all);
  add_movement(all);
  add_rows(all);
  add_products(all);
  add_optimizer(all);
  return all;
}

std::vector<Tensor> build_speed_case(const OpCase& item, Graph& graph) {
  Tensors inputs, by;
  for (const CaseInput& input : item.inputs) {
    inputs.push_back(graph.input(fmt::format("in{}", inputs.size()), input.type));
    if (input.differentiable && input.type.dtype == DType::f32) by.push_back(inputs.back());
  }
  Tensors fetches = item.build(inputs);
  if (by.empty()) return fetches;
  const Tensors seeds{graph.input("seed", fetches[0].type())};
  for (const Tensor& gradient : gradients({fetches[0]}, seeds, by)) {
    if (gradient) fetches.push_back(gradient);
  }
  return fetches;
}

}  // namespace tandem
