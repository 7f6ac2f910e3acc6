// How an inspection is shown: JSON, text, and a page with pictures.
#include "train/data/inspect.h"

#include "train/data/png.h"
#include "train/data/resize.h"
#include "train/report/html.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace tandem {
namespace {

using nlohmann::json;

constexpr size_t most_shown = 10;  // of each kind of problem, in the text
constexpr int64_t thumbnail_side = 96;

json json_of(const Spread& spread) {
  return {{"min", spread.smallest},
          {"median", spread.median},
          {"mean", spread.mean},
          {"max", spread.largest}};
}

std::string text_of(const char* what, const Spread& spread) {
  return fmt::format("{:<20} {} to {}, median {}, mean {:.1f}\n", what, spread.smallest,
                     spread.largest, spread.median, spread.mean);
}

// A heading with the count, then the first lines of a list.
template <class Items, class Line>
std::string list_of(const std::string& what, const Items& items, Line&& line) {
  if (items.empty()) return "";
  std::string text = fmt::format("{}: {}\n", what, items.size());
  for (size_t i = 0; i < std::min(items.size(), most_shown); ++i) text += "  " + line(items[i]);
  if (items.size() > most_shown) text += "  ... (--json lists all)\n";
  return text;
}

// The whole picture, its longest side at most thumbnail_side.
Image thumbnail(const Image& image) {
  const int64_t longest = std::max(image.width, image.height);
  if (longest <= thumbnail_side) return image;
  const int64_t width = std::max<int64_t>(1, image.width * thumbnail_side / longest);
  const int64_t height = std::max<int64_t>(1, image.height * thumbnail_side / longest);
  Image out;
  ResizeScratch scratch;
  resize(image, {0, 0, image.width, image.height}, width, height, {0, 0, width, height},
         Filter::bicubic, out, scratch);
  return out;
}

std::string figure(const TableRow& row, const DecodeOptions& options) {
  std::string captions;
  for (const std::string& caption : row.captions) {
    captions += "<li>" + escape_html(caption) + "</li>";
  }
  const std::string group = row.group.empty() ? "" : ", group " + row.group;
  return fmt::format("<figure>{}<figcaption><ul>{}</ul><small>line {}, {}</small></figcaption></figure>\n",
                     picture_html(png_bytes(thumbnail(load_picture(row, options))), row.image),
                     captions, row.line, escape_html(row.split + group));
}

constexpr const char* style =
    "body{font:14px system-ui,sans-serif;margin:2em;color:#222;background:#fff}"
    "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:12px}"
    "figure{margin:0;padding:8px;border:1px solid #ddd;border-radius:6px;overflow-wrap:anywhere}"
    "img{display:block;margin:0 auto 6px;max-width:100%}small{display:block;color:#777}"
    "ul{margin:0 0 4px;padding-left:1em}pre{white-space:pre-wrap}";

}  // namespace

std::string inspection_json(const Inspection& inspection) {
  json splits = json::object(), bad = json::array(), pictures = json::array(),
       captions = json::array();
  for (const auto& [name, counts] : inspection.splits) {
    splits[name] = {
        {"rows", counts.rows}, {"captions", counts.captions}, {"groups", counts.groups}};
  }
  for (const auto& one : inspection.bad) {
    bad.push_back({{"line", one.line}, {"reason", one.message}});
  }
  for (const auto& same : inspection.same_pictures) {
    pictures.push_back({{"lines", same.lines}, {"across_splits", same.across_splits}});
  }
  for (const auto& same : inspection.same_captions) {
    captions.push_back({{"caption", same.caption}, {"lines", same.lines}});
  }
  const json document{{"table", inspection.path},
                      {"rows", inspection.rows.size()},
                      {"splits", splits},
                      {"caption_characters", json_of(inspection.characters)},
                      {"caption_words", json_of(inspection.words)},
                      {"picture_width", json_of(inspection.widths)},
                      {"picture_height", json_of(inspection.heights)},
                      {"bad", bad},
                      {"same_pictures", pictures},
                      {"same_captions_in_different_groups", captions}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string inspection_text(const Inspection& inspection) {
  std::string text = fmt::format("{}: {} rows can be used, {} can't\n", inspection.path,
                                 inspection.rows.size(), inspection.bad.size());
  for (const auto& [name, counts] : inspection.splits) {
    text += fmt::format("{:<20} {} pictures, {} captions, {} groups\n", "split " + name,
                        counts.rows, counts.captions, counts.groups);
  }
  if (!inspection.rows.empty()) {
    text += text_of("caption characters", inspection.characters);
    text += text_of("caption words", inspection.words);
    text += text_of("picture width", inspection.widths);
    text += text_of("picture height", inspection.heights);
  }
  text += list_of("bad rows", inspection.bad,
                  [](const TableProblem& one) { return one.message + "\n"; });
  text += list_of("pictures with the same pixels", inspection.same_pictures,
                  [](const SamePicture& same) {
                    return fmt::format("lines {}{}\n", fmt::join(same.lines, ", "),
                                       same.across_splits ? " (in several splits)" : "");
                  });
  text +=
      list_of("captions shared by different groups of a split", inspection.same_captions,
              [](const SameCaption& same) {
                return fmt::format("\"{}\": lines {}\n", same.caption, fmt::join(same.lines, ", "));
              });
  return text;
}

std::string inspection_html(const Inspection& inspection, const DecodeOptions& options,
                            int64_t pictures) {
  const auto rows = static_cast<int64_t>(inspection.rows.size());
  const int64_t shown = std::clamp<int64_t>(pictures, 0, rows);
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>{0}</title>\n"
      "<style>{1}</style>\n<h1>{0}</h1>\n<pre>{2}</pre>\n<p>{3} of {4} pictures</p>\n<main>\n",
      escape_html(inspection.path), style, escape_html(inspection_text(inspection)), shown, rows);
  for (int64_t i = 0; i < shown; ++i) {
    page += figure(inspection.rows[i * rows / shown], options);
  }
  return page + "</main></html>\n";
}

}  // namespace tandem
