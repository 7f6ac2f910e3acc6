// What a node costs at least, whatever the device: the yardstick that `tandem plan` and
// `tandem bench ops` hold times against.
#pragma once

#include "autograd/plan.h"

namespace tandem {

struct Cost {
  double flops = 0;  // multiplications and additions of matrix products; others are not counted
  double bytes = 0;  // read and written, each once

  Cost& operator+=(const Cost& other);
};

// An op's own rule, registered beside the op:
//   const RegisteredCost slice_cost("slice", rule);
// Ops without one multiply no matrices, read every
// input and write every output (and every input that they update) once.
using CostRule = Cost (*)(const OpContext&);
struct RegisteredCost {
  RegisteredCost(std::string_view op, CostRule rule);
};

// Bytes of all inputs and outputs.
double bytes_moved(const OpContext& context);

// Of a node that runs a kernel.
struct NodeCost {
  const Op* op = nullptr;
  bool backward = false;
  Cost cost;
};

// Of a placed plan's nodes but views, in the order in which they run, which is that of the
// program's kernels. What a pack holds in place already costs nothing.
std::vector<NodeCost> node_costs(const Plan& plan);

// Seconds that the roofline model allows (Williams, Waterman & Patterson 2009, "Roofline"): the
// longer of computing and moving.
double roofline_seconds(const Cost& cost, double flops_per_second, double bytes_per_second);

}  // namespace tandem
