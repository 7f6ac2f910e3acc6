#include "train/checkpoint/compare.h"

#include "tests/train/checkpoint/example.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;
using tandem::test::example_checkpoint;

TEST_CASE("equal_checkpoints_are_bit_equal_whatever_their_attributes") {
  Checkpoint other = example_checkpoint();
  other.attributes["config"] = "name: b";
  const CheckpointDifference difference = compare(example_checkpoint(), other);
  CHECK(difference.equal());
  CHECK(difference.tensors.size() == 6);
  CHECK(difference.attributes == std::vector<std::string>{"config"});
}

TEST_CASE("differences_are_measured_and_missing_tensors_named") {
  Checkpoint other = example_checkpoint();
  other.model[0].values[2] += 0.25f;
  other.model[1] = {"new", {2}, {1, 2}};
  other.model[2].values[1] = 0.0f;  // was -0
  other.optimizer[0].shape = {6};
  other.state["step"] = 7;
  const CheckpointDifference difference = compare(example_checkpoint(), other);
  CHECK_FALSE(difference.equal());
  CHECK(difference.different_tensors() == 5);
  CHECK(difference.tensors[0].max_abs == 0.25);
  CHECK(difference.tensors[1].problem == "only in the first");
  CHECK(difference.tensors[2].max_abs == 0);
  CHECK_FALSE(difference.tensors[2].bit_equal);
  CHECK(difference.tensors[3].problem == "only in the second");
  CHECK(difference.tensors[4].problem == "[2, 3] and [6]");
  CHECK(difference.state == std::vector<std::string>{"step: 1200 and 7"});
}

TEST_CASE("a_nan_is_a_difference_unless_it_is_the_same") {
  Checkpoint one = example_checkpoint();
  one.model[0].values[0] = NAN;
  CHECK(compare(one, one).equal());
  CHECK(std::isnan(compare(one, example_checkpoint()).tensors[0].max_abs));
}

TEST_CASE("root_mean_square_is_of_all_values") {
  const std::vector<float> values{3, 4, 0, 0};
  CHECK(root_mean_square(values) == 2.5);
  CHECK(root_mean_square({}) == 0);
}
