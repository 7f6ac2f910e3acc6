#include "train/data/inspect.h"

#include "core/cpu/threads.h"
#include "core/error.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace tandem {
namespace {

struct Look {
  int64_t width = 0, height = 0;
  uint64_t hash = 0;  // of the pixels
  std::string error;
};

Look look_at(const TableRow& row, const DecodeOptions& options) {
  try {
    const Image image = load_picture(row, options);
    const std::string_view pixels(reinterpret_cast<const char*>(image.rgb.data()),
                                  image.rgb.size());
    return {image.width, image.height, std::hash<std::string_view>{}(pixels), {}};
  } catch (const std::exception& error) {
    return {0, 0, 0, error.what()};
  }
}

Spread spread_of(std::vector<int64_t> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return {values.front(), values[values.size() / 2], values.back(),
          sum / static_cast<double>(values.size())};
}

int64_t count_characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

int64_t count_words(const std::string& text) {
  int64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    words += inside && space;
    inside = !space;
  }
  return words + inside;
}

void count_splits(Inspection& inspection) {
  const auto groups = group_numbers(inspection.rows);
  std::map<std::string, std::set<int64_t>> seen;
  std::vector<int64_t> characters, words;
  for (size_t i = 0; i < inspection.rows.size(); ++i) {
    const TableRow& row = inspection.rows[i];
    SplitCounts& counts = inspection.splits[row.split];
    ++counts.rows;
    counts.captions += static_cast<int64_t>(row.captions.size());
    counts.groups += seen[row.split].insert(groups[i]).second;
    for (const std::string& caption : row.captions) {
      characters.push_back(count_characters(caption));
      words.push_back(count_words(caption));
    }
  }
  inspection.characters = spread_of(std::move(characters));
  inspection.words = spread_of(std::move(words));
}

void find_same_pictures(Inspection& inspection, const std::vector<Look>& looks) {
  std::map<std::tuple<int64_t, int64_t, uint64_t>, std::vector<size_t>> by_pixels;
  for (size_t i = 0; i < looks.size(); ++i) {
    by_pixels[{looks[i].width, looks[i].height, looks[i].hash}].push_back(i);
  }
  for (const auto& [key, rows] : by_pixels) {
    if (rows.size() < 2) continue;
    SamePicture same;
    for (const size_t row : rows) {
      same.lines.push_back(inspection.rows[row].line);
      same.across_splits |= inspection.rows[row].split != inspection.rows[rows[0]].split;
    }
    inspection.same_pictures.push_back(std::move(same));
  }
  std::sort(inspection.same_pictures.begin(), inspection.same_pictures.end(),
            [](const auto& a, const auto& b) { return a.lines < b.lines; });
}

void find_same_captions(Inspection& inspection) {
  struct Uses {
    std::vector<int64_t> lines;
    std::set<int64_t> groups;
  };
  const auto groups = group_numbers(inspection.rows);
  std::map<std::pair<std::string, std::string>, Uses> uses;  // by split and caption
  for (size_t i = 0; i < inspection.rows.size(); ++i) {
    const TableRow& row = inspection.rows[i];
    for (const std::string& caption : row.captions) {
      Uses& use = uses[{row.split, caption}];
      if (use.lines.empty() || use.lines.back() != row.line) use.lines.push_back(row.line);
      use.groups.insert(groups[i]);
    }
  }
  for (auto& [key, use] : uses) {
    if (use.groups.size() < 2) continue;
    inspection.same_captions.push_back({key.second, std::move(use.lines)});
  }
}

}  // namespace

Inspection inspect_table(const std::string& path, const TableFormat& format,
                         const DecodeOptions& options, int threads) {
  Inspection inspection;
  inspection.path = path;
  std::vector<TableRow> rows = read_table(path, format, &inspection.bad).rows;
  std::vector<Look> looks(rows.size());
  Threads(threads).run(static_cast<int64_t>(rows.size()),
                       [&](int64_t i) { looks[i] = look_at(rows[i], options); });
  std::vector<Look> good;
  std::vector<int64_t> widths, heights;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!looks[i].error.empty()) {
      inspection.bad.push_back(
          {rows[i].line, fmt::format("{}:{}: {}", path, rows[i].line, looks[i].error)});
      continue;
    }
    inspection.rows.push_back(std::move(rows[i]));
    widths.push_back(looks[i].width);
    heights.push_back(looks[i].height);
    good.push_back(std::move(looks[i]));
  }
  std::stable_sort(inspection.bad.begin(), inspection.bad.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  inspection.widths = spread_of(std::move(widths));
  inspection.heights = spread_of(std::move(heights));
  count_splits(inspection);
  find_same_pictures(inspection, good);
  find_same_captions(inspection);
  return inspection;
}

}  // namespace tandem
