// Gradients of adapters on a frozen CLIP against PyTorch's. tests/peers/adapter_gradients.py wrote
// the file; parameters, pixels and texts are from the same formulas there.
#include "autograd/ops/losses.h"
#include "autograd/program.h"
#include "tests/devices.h"
#include "tests/folders.h"
#include "tests/models/tiny_model.h"
#include "train/checkpoint/safetensors.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

// Numbers of the index-th tensor.
std::vector<double> formula(size_t index, int64_t count, double size = 0.4) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(size *
                     std::sin(1.7 * static_cast<double>(index) + 0.9 * static_cast<double>(i)));
  }
  return values;
}

struct Case {
  std::string name;
  Adaptation adaptation;
};

// The loss and its gradients by what is trained, with the inputs' values.
struct Learner {
  Graph graph;
  std::vector<Tensor> fetches;
  std::vector<std::string> names;  // of the fetches, in the file
  ReferenceFeeds feeds;
  TextArrays texts;

  explicit Learner(const Case& one) {
    const Clip model(graph, test::tiny_model(one.adaptation));
    const Tensor images = model.encode_image(model.pixel_input(graph, 2));
    const Tensor logits = model.class_logits(images, model.text_inputs(graph, 3));
    const Tensor loss = cross_entropy(logits, graph.constant({2}, std::vector<int32_t>{2, 0}));
    fetches = {loss};
    names = {one.name + ".loss"};
    std::vector<Tensor> by;
    for (const Variable& variable : graph.variables()) {
      if (variable.kind != Variable::Kind::trainable) continue;
      by.push_back(graph.variable(variable.name, variable.type, variable.kind));
      names.push_back(one.name + ".grad." + variable.name);
    }
    for (const Tensor& gradient : gradients(loss, by)) fetches.push_back(gradient);
    set_values();
    const auto contexts = static_cast<int32_t>(one.adaptation.prompts.text);
    for (int32_t k = 0; k < 3; ++k) {
      const auto ids = test::tiny_text(3 * k, contexts);
      texts.ids.insert(texts.ids.end(), ids.begin(), ids.end());
    }
    test::feed_texts(feeds, texts, contexts);
    texts.prepare({.context_length = 7, .vocab_size = 20}, contexts);
  }

  void set_values() {
    std::vector<const Variable*> variables;
    for (const Variable& variable : graph.variables()) variables.push_back(&variable);
    std::sort(variables.begin(), variables.end(),
              [](const Variable* a, const Variable* b) { return a->name < b->name; });
    for (size_t index = 0; index < variables.size(); ++index) {
      const std::string& name = variables[index]->name;
      std::vector<double> values = formula(index, variables[index]->type.shape.elements());
      const bool gain = name.ends_with("weight") &&
                        (name.find(".ln_") != std::string::npos || name.starts_with("ln_"));
      for (double& value : values) value += gain ? 1 : 0;
      feeds[name] = std::move(values);
    }
    feeds["pixels"] = formula(1000, 2 * 3 * 8 * 8, 1.0);
  }

  // On a device, in fp32.
  std::vector<std::vector<double>> run(Device& device) const {
    Variables variables(device);
    Program program(graph, variables, fetches);
    for (const std::string& name : variables.parameters()) {
      const std::vector<double>& values = feeds.at(name);
      variables.set(name, std::vector<float>(values.begin(), values.end()));
    }
    Feeds inputs = texts.feeds();
    const std::vector<float> pixels(feeds.at("pixels").begin(), feeds.at("pixels").end());
    inputs["pixels"] = as_feed(pixels);
    const uint64_t ticket = program.run(inputs);
    std::vector<std::vector<double>> results;
    for (size_t i = 0; i < fetches.size(); ++i) {
      const std::vector<float> values = program.fetch(ticket, i);
      results.emplace_back(values.begin(), values.end());
    }
    return results;
  }
};

double norm(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

// Differences are held against each tensor's norm, and against the largest of all: some gradients
// are small differences of large numbers.
void compare(const Learner& learner, const std::vector<std::vector<double>>& results,
             double of_its_own, double of_the_largest) {
  const Safetensors reference(
      (test::source_folder() / "tests/models/adapter_gradients.safetensors").string());
  double largest = 0;
  for (size_t i = 1; i < results.size(); ++i) largest = std::max(largest, norm(results[i]));
  for (size_t i = 0; i < results.size(); ++i) {
    const std::string& name = learner.names[i];
    REQUIRE_MESSAGE(reference.find(name) != nullptr, name);
    const std::vector<float> expected = reference.floats(name);
    REQUIRE(expected.size() == results[i].size());
    std::vector<double> difference = results[i];
    for (size_t j = 0; j < difference.size(); ++j) difference[j] -= expected[j];
    INFO(name, ": ", norm(difference), " of ", norm(results[i]), ", the largest ", largest);
    CHECK(norm(difference) <= of_its_own * norm(results[i]) + of_the_largest * largest);
  }
}

const Patterns all("*");
const std::vector<Case> cases{
    {"lora",
     {.frozen = all,
      .lora = {.rank = 3, .alpha = 2, .targets = Patterns("*.attn.{q,v} *.mlp.c_fc")}}},
    {"coop", {.frozen = all, .prompts = {.text = 2, .text_before = 2}}},
    {"cocoop", {.frozen = all, .prompts = {.text = 2, .text_before = 2, .conditional = true}}}};

}  // namespace

TEST_CASE("gradients_of_adapters_on_a_frozen_tower_are_those_of_pytorch") {
  for (const Case& one : cases) {
    Learner learner(one);
    INFO(one.name, " in double");
    compare(learner, evaluate(learner.graph, learner.fetches, learner.feeds), 1e-6, 1e-9);
    for_each_test_device(
        [&](Device& device) { compare(learner, learner.run(device), 1e-4, 1e-5); });
  }
}
