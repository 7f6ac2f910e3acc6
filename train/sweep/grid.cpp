#include "train/sweep/grid.h"

#include "core/error.h"

#include <algorithm>
#include <charconv>
#include <cctype>
#include <optional>
#include <set>

namespace tandem {
namespace {

constexpr size_t most = 10000;

// Parts between commas that are in no brackets and no quotes.
std::vector<std::string> split_values(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  return parts;
}

std::optional<uint64_t> whole_number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// "5" or "1..3"; nothing for another text.
std::vector<uint64_t> seed_range(std::string_view text) {
  const size_t dots = text.find("..");
  const auto first = whole_number(text.substr(0, dots));
  const auto last = dots == std::string_view::npos ? first : whole_number(text.substr(dots + 2));
  if (!first || !last || *last < *first || *last - *first >= most) return {};
  std::vector<uint64_t> seeds;
  for (uint64_t seed = *first; seed <= *last; ++seed) seeds.push_back(seed);
  return seeds;
}

}  // namespace

GridAxis parse_axis(const std::string& text) {
  const size_t at = text.find('=');
  GridAxis axis{text.substr(0, at), {}};
  if (at != std::string::npos && at > 0) axis.values = split_values(text.substr(at + 1));
  const bool blank = std::any_of(axis.values.begin(), axis.values.end(),
                                 [](const std::string& value) { return value.empty(); });
  if (axis.values.empty() || blank) {
    fail<ConfigError>("--grid {}: expected KEY=VALUE,VALUE,..., as train.lr=1e-3,1e-4.", text);
  }
  return axis;
}

std::vector<uint64_t> parse_seeds(const std::string& text) {
  std::vector<uint64_t> seeds;
  for (const std::string& part : split_values(text)) {
    const std::vector<uint64_t> more = seed_range(part);
    if (more.empty()) {
      fail<ConfigError>("--seeds {}: expected whole numbers, as 1..3 or 1,2,5, at most {}.", text,
                        most);
    }
    seeds.insert(seeds.end(), more.begin(), more.end());
  }
  if (std::set<uint64_t>(seeds.begin(), seeds.end()).size() == seeds.size() &&
      seeds.size() <= most) {
    return seeds;
  }
  fail<ConfigError>("--seeds {}: {}.", text,
                    seeds.size() > most ? "are too many" : "has one twice");
}

std::vector<GridValues> combinations(const std::vector<GridAxis>& axes) {
  std::vector<GridValues> points(1);
  std::set<std::string> keys;
  for (const GridAxis& axis : axes) {
    if (!keys.insert(axis.key).second || axis.key == "seed") {
      fail<ConfigError>("--grid {}: the key is given twice{}.", axis.key,
                        axis.key == "seed" ? "; use --seeds" : "");
    }
    if (points.size() * axis.values.size() > most) {
      fail<ConfigError>("--grid {}: more than {} combinations.", axis.key, most);
    }
    std::vector<GridValues> more;
    for (const GridValues& point : points) {
      for (const std::string& value : axis.values) {
        more.push_back(point);
        more.back().emplace_back(axis.key, value);
      }
    }
    points = std::move(more);
  }
  return points;
}

std::string point_name(const GridValues& values, uint64_t seed) {
  std::string name;
  for (const auto& [key, value] : values) name += key + "=" + value + ",";
  for (char& c : name) {
    const bool good = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                      std::string_view("._-=,").find(c) != std::string_view::npos;
    if (!good) c = '_';
  }
  return fmt::format("{}seed={}", name, seed);
}

}  // namespace tandem
