// One step of an optimizer on an arena that small limits cut into slices.
#pragma once

#include "autograd/ops/optimizer.h"
#include "autograd/program.h"
#include "tests/disguised_device.h"

#include <utility>
#include <vector>

namespace tandem::test {

constexpr int64_t large_arena = 40000;

struct LargeStep {
  void (*update)(Tensor arena, Tensor blocks, Tensor groups, Tensor norm, Tensor hyper);
  std::vector<UpdateGroup> groups;
  std::vector<float> gradient, hyper;

  // The gradients' norm and the parameters after the step.
  std::pair<std::vector<float>, std::vector<float>> run(Device& device) const {
    Graph graph;
    const Tensor p = graph.parameter("p", {large_arena}, Initializer::normal(1));
    const Tensor g = graph.input("g", p.type());
    const Tensor arena = gradient_arena({p}, {g});
    const UpdateTables tables = update_tables({p}, {g}, groups, {0});
    const Tensor norm = gradient_norm(arena, tables.blocks, graph.constant({}, std::vector{1.0f}));
    update(arena, tables.blocks, tables.groups, norm, graph.input("hyper", {DType::f32, {8}}));
    Variables variables(device);
    Program program(graph, variables, {norm});
    variables.initialize(3);
    const uint64_t ticket = program.run({{"g", as_feed(gradient)}, {"hyper", as_feed(hyper)}});
    return {program.fetch(ticket, 0), variables.get("p")};
  }

  // The same on a device that binds no more than a part of the arena.
  std::pair<std::vector<float>, std::vector<float>> run_in_slices(Device& device) const {
    DeviceInfo info = device.info();
    info.max_storage_range = 1 << 16;
    DisguisedDevice small(device, info);
    return run(small);
  }
};

}  // namespace tandem::test
