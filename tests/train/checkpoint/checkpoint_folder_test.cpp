#include "train/checkpoint/checkpoint_folder.h"

#include "core/error.h"
#include "tests/train/checkpoint/example.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::content_of;
using tandem::test::example_checkpoint;
using tandem::test::TemporaryFolder;

namespace {

// A folder with whole checkpoints of the given steps.
void fill(const TemporaryFolder& folder, const std::vector<int64_t>& steps) {
  write_checkpoint(folder / "one", example_checkpoint());
  const std::string content = content_of(folder / "one");
  for (const int64_t step : steps) folder.write(checkpoint_name(step), content);
}

}  // namespace

TEST_CASE("checkpoints_are_listed_by_their_steps") {
  const TemporaryFolder folder;
  for (const char* name : {"step_00000010.h5", "step_00000009.h5", "step_123456789.h5", "step_1.h5",
                           "step_0000000x.h5", "step_00000011.h5.tmp", "other.h5"}) {
    folder.write(name, "");
  }
  CHECK(list_checkpoints(folder.path().string()) ==
        std::vector<std::string>{folder / "step_123456789.h5", folder / "step_00000010.h5",
                                 folder / "step_00000009.h5"});
  CHECK(list_checkpoints(folder / "none").empty());
  CHECK(checkpoint_name(1200) == "step_00001200.h5");
}

TEST_CASE("checkpoints_to_go_back_to_are_tried_from_a_step_to_older_ones_then_to_newer_ones") {
  const TemporaryFolder folder;
  for (const int64_t step : {1, 2, 3, 4, 5}) folder.write(checkpoint_name(step), "");
  std::vector<std::string> order;
  for (const std::string& path : list_checkpoints_from(folder.path().string(), 3)) {
    order.push_back(path.substr(path.size() - 4, 1));
  }
  CHECK(order == std::vector<std::string>{"3", "2", "1", "4", "5"});
}

TEST_CASE("pruning_deletes_what_comes_after_the_last_step") {
  const TemporaryFolder folder;
  fill(folder, {1, 2, 3, 4});
  prune_checkpoints(folder.path().string(), 1, nullptr, 2);
  CHECK(list_checkpoints(folder.path().string()) ==
        std::vector<std::string>{folder / "step_00000002.h5"});
}

TEST_CASE("the_newest_checkpoint_that_verifies_is_found_and_the_others_named") {
  const TemporaryFolder folder;
  fill(folder, {1, 2});
  folder.write(checkpoint_name(3), "tandem checkpoint 1\n");
  folder.write(checkpoint_name(4), "");
  const ValidCheckpoint newest = first_valid_checkpoint(list_checkpoints(folder.path().string()));
  CHECK(newest.path == folder / "step_00000002.h5");
  REQUIRE(newest.passed_over.size() == 2);
  CHECK(newest.passed_over[0].first == folder / "step_00000004.h5");
  CHECK(newest.passed_over[1].second.find("truncated") != std::string::npos);
}

TEST_CASE("a_run_a_folder_or_a_file_names_a_checkpoint") {
  const TemporaryFolder folder;
  fill(folder, {});
  folder.write("run/checkpoints/step_00000005.h5", content_of(folder / "one"));
  const std::string path = folder / "run/checkpoints/step_00000005.h5";
  CHECK(find_checkpoint(folder / "run").path == path);
  CHECK(find_checkpoint(folder / "run/checkpoints").path == path);
  CHECK(find_checkpoint(path).path == path);
  CHECK_THROWS_AS(find_checkpoint(folder / "none"), CheckpointError);
  CHECK_THROWS_AS(find_checkpoint(folder.path().string()), CheckpointError);
}

TEST_CASE("pruning_keeps_the_newest_and_one_that_verifies") {
  const TemporaryFolder folder;
  fill(folder, {1, 2, 3, 4});
  folder.write("step_00000002.h5.tmp", "left by a crash");
  folder.write("step_00000009.h5.tmp", "being written");
  folder.write("other.txt", "");
  CHECK(prune_checkpoints(folder.path().string(), 2).size() == 3);
  CHECK(list_checkpoints(folder.path().string()).size() == 2);
  CHECK(std::filesystem::exists(folder / "step_00000009.h5.tmp"));
  CHECK(std::filesystem::exists(folder / "other.txt"));

  folder.write(checkpoint_name(5), "damaged");
  folder.write(checkpoint_name(6), "damaged");
  CHECK(prune_checkpoints(folder.path().string(), 2) ==
        std::vector<std::string>{folder / "step_00000003.h5"});
  CHECK(first_valid_checkpoint(list_checkpoints(folder.path().string())).path ==
        folder / "step_00000004.h5");
}
