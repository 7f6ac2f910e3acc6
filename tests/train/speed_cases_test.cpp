#include "train/cli/speed_cases.h"

#include "autograd/cost.h"
#include "train/cli/spread.h"

#include <doctest/doctest.h>

#include <set>

using namespace tandem;

TEST_CASE("bench_ops_runs_every_registered_op_that_has_a_kernel") {
  std::set<std::string_view> run;
  for (const OpCase& item : speed_cases()) {
    CAPTURE(item.name);
    Graph graph;
    Plan plan = make_plan(graph, build_speed_case(item, graph), false);
    place_values(plan, DeviceInfo{});
    for (const NodeCost& node : node_costs(plan)) {
      run.insert(node.op->name);
      CHECK(node.cost.bytes > 0);
    }
    CHECK(run.contains(item.name));
  }
  for (const Op* op : registered_ops()) {
    CAPTURE(std::string(op->name));
    CHECK((op->view || run.contains(op->name)));
  }
}

TEST_CASE("a_spread_has_the_median_and_the_quartiles_and_its_rate_turns_them_round") {
  const Spread seconds = spread_of({4, 1, 2, 5, 3});
  CHECK(seconds.median == 3);
  CHECK(seconds.low == 2);
  CHECK(seconds.high == 4);
  const Spread rate = seconds.rate(12);
  CHECK(rate.median == 4);
  CHECK(rate.low == 3);
  CHECK(rate.high == 6);
}
