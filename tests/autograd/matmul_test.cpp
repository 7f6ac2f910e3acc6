// Matrix products beyond the registry's cases: any number of threads, and tensors larger than a
// device binds at a time.
#include "autograd/ops/matmul.h"

#include "autograd/program.h"
#include "autograd/reference.h"
#include "core/philox.h"
#include "tests/devices.h"
#include "tests/disguised_device.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

// A graph over random values.
struct Fed {
  Graph graph;
  std::vector<Tensor> fetches;
  ReferenceFeeds feeds;

  Tensor input(const std::string& name, const Shape& shape) {
    Random random(5, static_cast<uint32_t>(feeds.size()), 0, RandomUse::test);
    std::vector<double>& values = feeds[name];
    for (int64_t i = 0; i < shape.elements(); ++i) {
      values.push_back(static_cast<float>(2 * random.uniform() - 1));
    }
    return graph.input(name, {DType::f32, shape});
  }

  std::vector<std::vector<float>> run(Device& device) const {
    Variables variables(device);
    Program program(graph, variables, fetches);
    std::map<std::string, std::vector<float>> values;
    Feeds given;
    for (const std::string& name : program.inputs()) {
      values[name].assign(feeds.at(name).begin(), feeds.at(name).end());
      given[name] = as_feed(values[name]);
    }
    const uint64_t ticket = program.run(given);
    std::vector<std::vector<float>> results;
    for (size_t i = 0; i < fetches.size(); ++i) results.push_back(program.fetch(ticket, i));
    return results;
  }
};

// A layer's forward and backward pass.
struct Layer : Fed {
  Layer(int64_t rows, int64_t from, int64_t to, Activation activation) {
    const Tensor x = input("x", {rows, from});
    const Tensor weight = input("weight", {to, from});
    const Tensor bias = input("bias", {to});
    const Tensor residual = input("residual", {rows, to});
    const Tensor y = linear(x, weight, bias, activation, residual);
    fetches = gradients({y}, {input("dy", {rows, to})}, {x, weight, bias, residual});
    fetches.push_back(y);
  }
};

double relative_error(const std::vector<float>& got, const std::vector<double>& expected) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    difference += (got[i] - expected[i]) * (got[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  return std::sqrt(difference / norm);
}

}  // namespace

TEST_CASE("a_layers_bits_do_not_depend_on_the_number_of_threads") {
  const Layer layer(1500, 136, 200, Activation::gelu);
  std::vector<std::vector<float>> first;
  for (const int threads : {1, 2, 3, 7}) {
    DeviceOptions options;
    options.threads = threads;
    const auto results = layer.run(*open_device("cpu", options));
    if (first.empty()) first = results;
    CHECK(results == first);
  }
}

TEST_CASE("tensors_larger_than_a_binding_are_multiplied_in_pieces") {
  Layer layer(4000, 24, 30, Activation::quick_gelu);
  Fed batch;
  batch.fetches = {matmul(batch.input("a", {200, 6, 7}), batch.input("b", {200, 7, 5}))};
  Fed deep;  // of whose pieces' products only two fit
  deep.fetches = {matmul(deep.input("a", {2000, 120}), deep.input("b", {2000, 120}), true)};
  for (Fed* fed : {static_cast<Fed*>(&layer), &batch, &deep}) {
    const auto expected = evaluate(fed->graph, fed->fetches, fed->feeds);
    for_each_vulkan_device([&](Device& device) {
      DeviceInfo small = device.info();
      small.max_storage_range = 128 << 10;
      DisguisedDevice disguised(device, small);
      const auto got = fed->run(disguised);
      for (size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        CHECK(relative_error(got[i], expected[i]) <= 2e-6);
      }
    });
  }
}
