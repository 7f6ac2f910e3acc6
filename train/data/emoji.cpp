#include "train/data/emoji.h"

#include "core/cpu/threads.h"
#include "core/error.h"
#include "train/data/emoji_captions.h"
#include "train/data/icon_set.h"
#include "train/data/png.h"
#include "train/data/svg.h"

#include <fstream>
#include <mutex>

namespace tandem {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Style {
  const char* package;
  const char* name;  // in splits
  bool seen;         // in training
};

constexpr Style kStyles[] = {{"noto", "noto", true},
                             {"twemoji", "twemoji", true},
                             {"openmoji", "openmoji", true},
                             {"fluent-emoji-flat", "fluent", false},
                             {"emojione", "emojione", false}};

struct Picture {
  std::string code;
  std::string svg;
  std::string label;  // for messages
  fs::path file;      // relative to the table
  std::string split;
  const char* style;
};

std::string split_name(const std::string& part, const Style& style) {
  if (part == "train") return style.seen ? part : std::string("seen_") + style.name;
  return part + "_" + style.name;
}

std::vector<IconSet> read_sets(const fs::path& packages) {
  std::vector<IconSet> sets;
  for (const auto& style : kStyles) {
    sets.emplace_back(packages / style.package);
    if (!sets.back().has_codes()) sets.back().take_codes(sets.front());
  }
  return sets;
}

std::vector<std::string> concepts_of(const json& split, const char* part, const fs::path& file) {
  std::vector<std::string> codes;
  const auto list = split.is_object() ? split.find(part) : split.end();
  if (list == split.end() || !list->is_array())
    fail<DataError>("{}: there is no list '{}'; expected code points in 'train', 'val' and 'test'.",
                    file.string(), part);
  for (const auto& code : *list) {
    const auto text = code.is_string() ? code.get<std::string>() : "";
    // It names a file, so nothing but code points will do.
    if (text.empty() || text.find_first_not_of("0123456789ABCDEF-") != std::string::npos)
      fail<DataError>("{}: '{}' in '{}' is no code point such as 1F600.", file.string(), text,
                      part);
    codes.push_back(text);
  }
  return codes;
}

std::vector<Picture> list_pictures(const EmojiOptions& options) {
  const auto split = read_json_file(options.split);
  const auto sets = read_sets(options.packages);
  std::vector<Picture> pictures;
  for (const char* part : {"train", "val", "test"}) {
    const auto codes = concepts_of(split, part, options.split);
    for (size_t style = 0; style < std::size(kStyles); ++style) {
      for (const auto& code : codes) {
        auto svg = sets[style].svg(code);
        if (!svg) continue;
        pictures.push_back({code, std::move(*svg), sets[style].label(code),
                            fs::path(kStyles[style].package) / (code + ".png"),
                            split_name(part, kStyles[style]), kStyles[style].package});
      }
    }
  }
  return pictures;
}

void write_file(const fs::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream << bytes;
  stream.close();
  if (!stream)
    fail<DataError>("{}: can't be written; check the folder and free space.", file.string());
}

// Draws on all cores. The first error in the list's order is thrown, so that it is always the same.
void draw(const std::vector<Picture>& pictures, const EmojiOptions& options) {
  std::vector<std::exception_ptr> errors(pictures.size());
  Threads threads;
  threads.run(static_cast<int64_t>(pictures.size()), [&](int64_t i) {
    try {
      const auto& picture = pictures[i];
      write_file(options.out / picture.file,
                 png_bytes(render_svg(picture.svg, options.size, picture.label)));
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  for (const auto& error : errors)
    if (error) std::rethrow_exception(error);
}

std::string table_of(const std::vector<Picture>& pictures, const EmojiOptions& options) {
  const auto texts_of = emoji_texts(options.packages / "emojibase-data");
  std::string table;
  for (const auto& picture : pictures) {
    const auto found = texts_of.find(picture.code);
    if (found == texts_of.end())
      fail<DataError>("emojibase-data has no caption for {} ({}).", picture.code, picture.label);
    const EmojiTexts& texts = found->second;
    table += json{{"image", picture.file.generic_string()},
                  {"name", texts.name},
                  {"category", texts.category},
                  {"captions", texts.captions},
                  {"split", picture.split},
                  {"group", picture.code},
                  {"style", picture.style}}
                 .dump() +
             '\n';
  }
  return table;
}

}  // namespace

EmojiSummary prepare_emoji(const EmojiOptions& options) {
  if (options.size < 8 || options.size > 4096)
    fail<ConfigError>("emoji: a size of {} pixels is not possible; use 8 to 4096.", options.size);
  const auto pictures = list_pictures(options);
  const auto table = table_of(pictures, options);
  for (const auto& style : kStyles) {
    std::error_code error;
    fs::create_directories(options.out / style.package, error);
    if (error)
      fail<DataError>("{}: the folder can't be made: {}.", (options.out / style.package).string(),
                      error.message());
  }
  draw(pictures, options);
  // The table comes last, and whole: where it is, the pictures are.
  EmojiSummary summary{options.out / "emoji.jsonl", {}};
  write_file(options.out / "emoji.jsonl.partial", table);
  fs::rename(options.out / "emoji.jsonl.partial", summary.table);
  for (const auto& picture : pictures) ++summary.pictures[picture.split];
  return summary;
}

}  // namespace tandem
