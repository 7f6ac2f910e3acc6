// The time of a program's kernels by op: the table of `train --profile` and `bench step --ops`.
#pragma once

#include "autograd/cost.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace tandem {

class OpTimes {
 public:
  // Adds the kernels of one run, whose costs are in the same order.
  void add(std::span<const KernelTime> times, std::span<const NodeCost> costs);

  struct Row {
    std::string op;  // with " (backward)" where it belongs to the backward pass
    int64_t kernels = 0;
    double seconds = 0;
    Cost cost;
  };

  // Sums over the runs that were added, by descending time.
  std::vector<Row> rows() const;
  int64_t runs() const { return runs_; }
  double seconds() const;  // of all ops, in one run on average

  // Op, kernels and milliseconds a run, share, GFLOP/s of products and GB/s that are needed at
  // least, with a line for all; with the peak of products in operations a second, their share of it.
  std::string table(double peak = 0) const;

 private:
  int64_t runs_ = 0;
  std::map<std::string, Row> by_op_;
};

}  // namespace tandem
