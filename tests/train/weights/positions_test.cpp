#include "train/weights/positions.h"

#include "core/error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tandem;

namespace {

// One channel: 100 for the class token, then (37 i) mod 11 - 5 over the grid.
NamedTensor table_of(int64_t grid) {
  NamedTensor table{"visual.positional_embedding", {1 + grid * grid, 1}, {100}};
  for (int64_t i = 0; i < grid * grid; ++i) {
    table.values.push_back(static_cast<float>(37 * i % 11 - 5));
  }
  return table;
}

void check_resized(int64_t from, int64_t to, const std::vector<double>& expected) {
  const NamedTensor table = resize_positions(table_of(from), 1, to);
  REQUIRE(table.shape == Shape{1 + to * to, 1});
  CHECK(table.values[0] == 100);
  for (size_t i = 0; i < expected.size(); ++i) {
    INFO(from, " to ", to, ", [", i, "]: ", table.values[i + 1], " against ", expected[i]);
    CHECK(std::fabs(table.values[i + 1] - expected[i]) <= 3e-6);
  }
}

}  // namespace

// Expected: PyTorch 1.13.1, interpolate(mode="bicubic", antialias=True, align_corners=False).
TEST_CASE("position_tables_are_resized_as_pytorch_does_it") {
  check_resized(3, 5, {-5.377358, -3.851591, -1.075472, 1.700648,  3.226415,  -4.995916, -3.470149,
                       -0.69403,  2.08209,   3.607857,  -4.301887, -2.776119, 0.0,       2.77612,
                       4.301887,  -3.607857, -2.082089, 0.69403,   3.47015,   4.995916,  -3.226415,
                       -1.700648, 1.075472,  3.851591,  5.377358});
  check_resized(7, 3,
                {0.192361, -0.555733, 0.451304, -0.583703, 0.228816, 0.161837, -0.542404, 0.030752,
                 -0.152007});
  check_resized(2, 3,
                {-5.837082, -3.164474, -0.491863, -0.901316, -1.75, -2.598684, 4.034453, -0.335526,
                 -4.705507});
  check_resized(4, 3,
                {-2.943572, 1.196551, -1.481146, 2.50662, 0.23637, -1.715103, 1.138991, -0.405034,
                 -1.949059});
}

// The same numbers as above from 2 x 2 to 3 x 3.
TEST_CASE("a_position_table_without_a_class_token_is_resized_alike") {
  NamedTensor table = table_of(2);
  table.values.erase(table.values.begin());
  table.shape = {4, 1};
  const NamedTensor resized = resize_positions(table, 0, 3);
  const NamedTensor with_token = resize_positions(table_of(2), 1, 3);
  CHECK(resized.shape == Shape{9, 1});
  CHECK(std::equal(resized.values.begin(), resized.values.end(), with_token.values.begin() + 1));
  CHECK(grid_of(table, 0) == 2);
  CHECK_THROWS_WITH_AS(grid_of(table, 1), doctest::Contains("of a class token and a square grid"),
                       CheckpointError);
}

TEST_CASE("a_position_table_of_the_wanted_size_keeps_its_bits") {
  CHECK(resize_positions(table_of(4), 1, 4) == table_of(4));
}

TEST_CASE("what_is_no_position_table_is_refused") {
  NamedTensor table{"visual.positional_embedding", {4, 1}, {1, 2, 3, 4}};
  CHECK_THROWS_AS(resize_positions(table, 1, 2), CheckpointError);
  table.shape = {4};
  CHECK_THROWS_AS(resize_positions(table, 1, 2), CheckpointError);
  CHECK_THROWS_AS(resize_positions(table_of(2), 1, 0), CheckpointError);
}
