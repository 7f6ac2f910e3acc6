#include "train/profile/op_times.h"

#include <fmt/core.h>

#include <algorithm>

namespace tandem {

namespace {

std::string rate(double amount, double seconds, int digits) {
  if (amount <= 0 || seconds <= 0) return "";
  return fmt::format("{:.{}f}", 1e-9 * amount / seconds, digits);
}

std::string share_of_peak(const OpTimes::Row& row, double peak) {
  if (peak <= 0 || row.cost.flops <= 0 || row.seconds <= 0) return "";
  return fmt::format(" {:>6.0f} %", 100 * row.cost.flops / row.seconds / peak);
}

}  // namespace

void OpTimes::add(std::span<const KernelTime> times, std::span<const NodeCost> costs) {
  if (times.empty()) return;
  runs_ += 1;
  for (size_t i = 0; i < std::min(times.size(), costs.size()); ++i) {
    const std::string op = std::string(costs[i].op->name) + (costs[i].backward ? " (backward)" : "");
    Row& row = by_op_[op];
    row.op = op;
    row.kernels += 1;
    row.seconds += times[i].seconds;
    row.cost += costs[i].cost;
  }
}

std::vector<OpTimes::Row> OpTimes::rows() const {
  std::vector<Row> rows;
  for (const auto& [op, row] : by_op_) rows.push_back(row);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Row& a, const Row& b) { return a.seconds > b.seconds; });
  return rows;
}

double OpTimes::seconds() const {
  double sum = 0;
  for (const auto& [op, row] : by_op_) sum += row.seconds;
  return runs_ > 0 ? sum / static_cast<double>(runs_) : 0;
}

std::string OpTimes::table(double peak) const {
  const auto runs = static_cast<double>(std::max<int64_t>(runs_, 1));
  Row all{.op = "all", .kernels = 0, .seconds = 0, .cost = {}};
  std::string text = fmt::format("{:<36} {:>7} {:>10} {:>8} {:>9} {:>8}{}\n", "op", "kernels", "ms",
                                 "share", "GFLOP/s", "GB/s", peak > 0 ? "     peak" : "");
  const auto line = [&](const Row& row) {
    text += fmt::format("{:<36} {:>7} {:>10.3f} {:>6.1f} % {:>9} {:>8}{}\n", row.op,
                        row.kernels / std::max<int64_t>(runs_, 1), 1e3 * row.seconds / runs,
                        seconds() > 0 ? 100 * row.seconds / runs / seconds() : 0,
                        rate(row.cost.flops, row.seconds, 1), rate(row.cost.bytes, row.seconds, 2),
                        share_of_peak(row, peak));
  };
  for (const Row& row : rows()) {
    line(row);
    all.kernels += row.kernels;
    all.seconds += row.seconds;
    all.cost += row.cost;
  }
  line(all);
  return text;
}

}  // namespace tandem
