// Includes point one way: core <- autograd <- models <- train. Vulkan is named in core/vulkan
// alone, YAML in train/config alone.
#include "tests/folders.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kLayers = {"core", "autograd", "models", "train"};

struct Include {
  std::string file;  // relative to the source folder
  int line;
  std::string name;  // what stands between the quotes or brackets
};

// The name that a line of source includes; empty if it includes nothing. By hand, for <regex> does
// not compile without warnings under sanitizers (GCC 12).
std::string included_by(std::string_view line) {
  const auto take = [&line](std::string_view word) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const bool there = line.starts_with(word);
    if (there) line.remove_prefix(word.size());
    return there;
  };
  if (!take("#") || !take("include") || (!take("\"") && !take("<"))) return {};
  return std::string(line.substr(0, line.find_first_of("\">")));
}

std::vector<Include> includes_of(const fs::path& path) {
  const auto file = fs::relative(path, tandem::test::source_folder()).generic_string();
  std::vector<Include> includes;
  std::ifstream stream(path);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::string name = included_by(line);
    if (!name.empty()) includes.push_back({file, number, name});
  }
  return includes;
}

std::vector<Include> all_includes() {
  std::vector<Include> all;
  for (const auto& layer : kLayers) {
    for (const auto& entry :
         fs::recursive_directory_iterator(tandem::test::source_folder() / layer)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cpp") continue;
      const auto includes = includes_of(entry.path());
      all.insert(all.end(), includes.begin(), includes.end());
    }
  }
  return all;
}

// The place in kLayers of a path's first folder; past the end for anything else.
size_t layer_of(const std::string& path) {
  const auto folder = path.substr(0, path.find('/'));
  return std::find(kLayers.begin(), kLayers.end(), folder) - kLayers.begin();
}

bool points_up(const Include& include) {
  const size_t to = layer_of(include.name);
  return to < kLayers.size() && to > layer_of(include.file);
}

bool is_vulkan_elsewhere(const Include& include) {
  return include.name.starts_with("vulkan/") && !include.file.starts_with("core/vulkan/");
}

bool is_yaml_elsewhere(const Include& include) {
  return include.name.starts_with("yaml-cpp/") && !include.file.starts_with("train/config/");
}

void check_none(bool (*is_wrong)(const Include&), const char* rule) {
  const auto includes = all_includes();
  CHECK(includes.size() > 100);  // else nothing was read
  for (const auto& include : includes) {
    CHECK_MESSAGE(!is_wrong(include), include.file, ":", include.line, " includes ", include.name,
                  "; ", rule);
  }
}

}  // namespace

TEST_CASE("no_include_points_up") {
  check_none(points_up,
             "a layer includes only itself and those before it: core, autograd, models, "
             "train");
}

TEST_CASE("vulkan_is_included_in_core_vulkan_alone") {
  check_none(is_vulkan_elsewhere, "use core/device.h");
}

TEST_CASE("yaml_is_included_in_train_config_alone") {
  check_none(is_yaml_elsewhere, "use the structs of train/config/run_config.h");
}

TEST_CASE("the_include_rules_see_what_they_forbid") {
  CHECK(included_by("#include \"core/shape.h\"") == "core/shape.h");
  CHECK(included_by("  # include <vector>  // why") == "vector");
  CHECK(included_by("// #include <vector>") == "");
  CHECK(included_by("#") == "");
  CHECK(points_up({"core/cpu/x.cpp", 1, "autograd/graph.h"}));
  CHECK(points_up({"models/x.h", 1, "train/trainer.h"}));
  CHECK_FALSE(points_up({"train/x.h", 1, "core/shape.h"}));
  CHECK_FALSE(points_up({"core/x.h", 1, "vector"}));
  CHECK(is_vulkan_elsewhere({"core/device.h", 1, "vulkan/vulkan.h"}));
  CHECK(is_yaml_elsewhere({"train/cli/main.cpp", 1, "yaml-cpp/yaml.h"}));
}
