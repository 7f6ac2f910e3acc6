// The files in configs/ themselves.
#include "train/config/nearest.h"
#include "train/config/read.h"

#include "tests/folders.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <filesystem>

using namespace tandem;

TEST_CASE("every_config_that_is_shipped_can_be_read_and_read_back") {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(test::source_folder() / "configs")) {
    if (entry.path().extension() != ".yaml") continue;
    CAPTURE(entry.path().string());
    ++count;
    if (entry.path().parent_path().filename() == "models") {
      const ClipConfig model = read_model_config(entry.path().string());
      CHECK(parse_model_config(to_yaml(model), "text") == model);
    } else {
      const RunConfig config = read_run_config(entry.path().string());
      CHECK(parse_run_config(to_yaml(config), "text") == config);
    }
  }
  CHECK(count >= 6);
}

TEST_CASE("the_readme_of_the_configs_has_the_current_reference") {
  const std::string readme = test::content_of(test::source_folder() / "configs/README.md");
  INFO("copy the output of `tandem config keys` into configs/README.md");
  CHECK(readme.find(config_reference()) != std::string::npos);
}

TEST_CASE("every_key_is_its_own_nearest_and_has_a_meaning") {
  std::vector<std::string> names;
  for (const KeyReference& key : config_keys()) names.push_back(key.name);
  for (const KeyReference& key : config_keys()) {
    CAPTURE(key.name);
    CHECK(nearest(key.name, names) == key.name);
    CHECK_FALSE(key.meaning.empty());
  }
}

TEST_CASE("the_edit_distance_counts_a_swap_as_one") {
  CHECK(edit_distance("warmpu", "warmup") == 1);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
}
