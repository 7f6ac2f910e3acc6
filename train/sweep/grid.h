// The points of a sweep: every combination of the values of some config keys, once for each seed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tandem {

// A key and the values it takes, as YAML.
struct GridAxis {
  std::string key;
  std::vector<std::string> values;
};

// "train.lr=1e-3,1e-4": commas in brackets, braces and quotes belong to a value. Throws
// ConfigError for a text of another form.
GridAxis parse_axis(const std::string& text);

// "1..3" or "1,2,5" or both, "0,4..6". Throws ConfigError for another text, a seed twice, or more
// than 10000.
std::vector<uint64_t> parse_seeds(const std::string& text);

using GridValues = std::vector<std::pair<std::string, std::string>>;  // key and value

// Every combination, the last axis changing fastest; one empty combination for no axes. Throws
// ConfigError for a key that is given twice, or more than 10000 combinations.
std::vector<GridValues> combinations(const std::vector<GridAxis>& axes);

// A folder name of such values and a seed: "data.few_shot.shots=4,seed=1", with '_' for what can't
// be in one. Different points may share a name only where they differ in such characters.
std::string point_name(const GridValues& values, uint64_t seed);

}  // namespace tandem
