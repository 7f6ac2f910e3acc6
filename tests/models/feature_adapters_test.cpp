// Adapters on features against PyTorch (tests/peers/clip_adapter_torch.py prints the numbers), and
// their gradients against central differences.
#include "autograd/ops/binary.h"
#include "autograd/ops/losses.h"
#include "autograd/ops/unary.h"
#include "autograd/program.h"
#include "models/adapters/class_scores.h"
#include "models/adapters/clip_adapter.h"
#include "models/adapters/feature_projection.h"
#include "models/adapters/tip_adapter.h"
#include "tests/devices.h"

#include <cmath>
#include <functional>

using namespace tandem;

namespace {

constexpr int64_t N = 3, E = 4, K = 3, S = 5;
using Values = std::vector<float>;

Values drawn(int64_t count, double start) {
  Values values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(static_cast<float>(std::sin(static_cast<double>(i) * 1.7 + start)));
  }
  return values;
}

Values unit_rows(Values values) {
  for (size_t row = 0; row < values.size(); row += E) {
    double squares = 0;
    for (size_t e = 0; e < E; ++e) squares += double{values[row + e]} * values[row + e];
    for (size_t e = 0; e < E; ++e) values[row + e] /= static_cast<float>(std::sqrt(squares));
  }
  return values;
}

// Scores [N, K] of features [N, E].
using Build = std::function<Tensor(Graph&, Tensor)>;

// The loss of fixed labels and its gradients by the trainable variables, in order.
class Case {
 public:
  Case(Device& device, const Build& build) : variables_(device) {
    Graph graph;
    const Tensor features = graph.constant({N, E}, unit_rows(drawn(N * E, 0.3)));
    const Tensor labels = graph.constant({N}, std::vector<int32_t>{0, 2, 1});
    const Tensor loss = cross_entropy(build(graph, features), labels);
    std::vector<Tensor> by;
    for (const Variable& variable : graph.variables()) {
      if (variable.kind != Variable::Kind::trainable) continue;
      by.push_back(graph.variable(variable.name, variable.type, variable.kind));
    }
    std::vector<Tensor> fetches = gradients(loss, by);
    fetches.push_back(loss);
    count_ = by.size();
    program_ = std::make_unique<Program>(graph, variables_, fetches);
  }

  void set(const std::string& name, const Values& values) { variables_.set(name, values); }
  Values get(const std::string& name) const { return variables_.get(name); }
  double loss() { return program_->fetch(program_->run({}), count_)[0]; }
  Values gradient(size_t i) { return program_->fetch(program_->run({}), i); }

 private:
  Variables variables_;
  size_t count_ = 0;
  std::unique_ptr<Program> program_;
};

Tensor class_texts(Graph& graph) { return graph.constant({K, E}, unit_rows(drawn(K * E, 0.9))); }

Tensor clip_adapter_scores(Graph& graph, Tensor features) {
  const ClipAdapter adapter(graph, {.width = E, .reduction = 2, .ratio = 0.2});
  return class_scores(adapter.forward(features), class_texts(graph), 100);
}

Tensor tip_scores(Graph& graph, Tensor features) {
  const TipAdapter adapter(graph, {.width = E, .cached = S, .classes = K, .trained = true});
  const Tensor beta = graph.constant({1}, Values{1});
  return add(class_scores(features, class_texts(graph), 100),
             scale(adapter.cache_scores(features, beta), 1.17));
}

Tensor projection_scores(Graph& graph, Tensor features) {
  const FeatureProjection projection(graph, "text_projection", E);
  return class_scores(features, projection.forward(class_texts(graph)), 10);
}

void check_close(const Values& ours, const Values& theirs) {
  REQUIRE(ours.size() == theirs.size());
  double largest = 0;
  for (const float value : theirs) largest = std::max(largest, std::abs(double{value}));
  for (size_t i = 0; i < ours.size(); ++i) {
    INFO("element ", i, ": ", ours[i], " and ", theirs[i]);
    CHECK(std::abs(double{ours[i]} - theirs[i]) <= 2e-5 * largest);
  }
}

// Central differences of the loss by one variable, whose gradient is the i-th.
void check_differences(Case& model, const std::string& name, size_t i) {
  const Values start = model.get(name), gradient = model.gradient(i);
  double largest = 0;
  for (const float value : gradient) largest = std::max(largest, std::abs(double{value}));
  for (size_t e = 0; e < start.size(); ++e) {
    constexpr float step = 2e-3f;
    Values moved = start;
    moved[e] = start[e] + step;
    model.set(name, moved);
    const double above = model.loss();
    moved[e] = start[e] - step;
    model.set(name, moved);
    const double slope = (above - model.loss()) / (2 * step);
    INFO(name, " element ", e, ": ", gradient[e], " and ", slope);
    CHECK(std::abs(gradient[e] - slope) <= 2e-3 * largest + 1e-3);
  }
  model.set(name, start);
}

}  // namespace

TEST_CASE("clip_adapter_has_the_loss_and_gradients_that_pytorch_gives") {
  for_each_test_device([](Device& device) {
    Case model(device, clip_adapter_scores);
    model.set("image_adapter.fc.0.weight", drawn(2 * E, 0.1));
    model.set("image_adapter.fc.2.weight", drawn(E * 2, 0.6));
    CHECK(std::abs(model.loss() - 14.8637754) <= 1e-4);
    check_close(model.gradient(0), {-0.957695211f, -0.768443015f, 1.15571451f, 0.470628111f,
                                    -1.26418415f, -1.01436737f, 1.52557546f, 0.621243372f});
    check_close(model.gradient(1), {-2.94706617f, -3.99645443f, 0, 0, -0.00122567788f,
                                    -0.00166386588f, 0, 0});
  });
}

TEST_CASE("tip_adapter_f_has_the_loss_and_gradients_that_pytorch_gives") {
  for_each_test_device([](Device& device) {
    Case model(device, tip_scores);
    model.set("cache.keys", drawn(S * E, 2.0));
    model.set("cache.values", {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0});
    CHECK(std::abs(model.loss() - 18.7231985) <= 1e-4);
    check_close(model.gradient(0),
                {0.140074519f,  0.112373133f,  -0.169031837f, -0.0688154893f, -1.82679022e-05f,
                 -2.02492493e-06f, 1.87897031e-05f, -2.81697466e-06f, -0.037550853f,
                 -0.0301304252f, 0.0453151318f, 0.0184532148f, 0.0238600058f, 0.0191419137f,
                 -0.0287926662f, -0.0117223607f, -2.68852906e-06f, -2.9798505e-07f,
                 2.76531653e-06f, -4.14606569e-07f});
  });
}

TEST_CASE("adapters_on_features_have_the_gradients_of_central_differences") {
  const auto device = open_device("cpu");
  Case clip(*device, clip_adapter_scores);
  clip.set("image_adapter.fc.0.weight", drawn(2 * E, 0.1));
  clip.set("image_adapter.fc.2.weight", drawn(E * 2, 0.6));
  check_differences(clip, "image_adapter.fc.0.weight", 0);
  check_differences(clip, "image_adapter.fc.2.weight", 1);
  Case tip(*device, tip_scores);
  tip.set("cache.keys", drawn(S * E, 2.0));
  tip.set("cache.values", {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0});
  check_differences(tip, "cache.keys", 0);
  Case projection(*device, projection_scores);
  projection.set("text_projection.weight", drawn(E * E, 0.2));
  check_differences(projection, "text_projection.weight", 0);
}

TEST_CASE("a_projection_starts_as_the_features_themselves") {
  const auto device = open_device("cpu");
  Case projected(*device, projection_scores);
  projected.set("text_projection.weight", Values(E * E));
  Case plain(*device, [](Graph& graph, Tensor features) {
    return class_scores(features, class_texts(graph), 10);
  });
  CHECK(std::abs(projected.loss() - plain.loss()) <= 1e-5);
}
