#include "train/data/emoji.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/data/emoji_captions.h"
#include "train/data/icon_set.h"
#include "train/data/svg.h"
#include "train/data/table.h"

#include <doctest/doctest.h>

using namespace tandem;
using tandem::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

// A red left half on nothing.
constexpr char kIcons[] = R"({"width": 10, "height": 10,
  "icons": {"half": {"body": "<path fill='#f00' d='M0 0h5v10H0z'/>"},
            "wide": {"body": "<path d='M0 0h20v10H0z'/>", "width": 20}},
  "aliases": {"flipped": {"parent": "half", "hFlip": true}, "turned": {"parent": "half", "rotate": 1},
              "round": {"parent": "round"}}})";
constexpr char kChars[] =
    R"({"1f600": "half", "1f601-fe0f": "flipped", "1f602": "turned", "1f603": "round"})";
constexpr char kSplit[] = R"({"train": ["1F600"], "val": ["1F601"], "test": ["1F602"]})";

void write_packages(const TemporaryFolder& folder) {
  for (const char* style : {"noto", "twemoji", "openmoji", "fluent-emoji-flat", "emojione"}) {
    folder.write(std::string("packages/") + style + "/icons.json", kIcons);
    folder.write(std::string("packages/") + style + "/chars.json",
                 std::string(style) == "emojione" ? "{}" : kChars);
  }
  folder.write("packages/emojibase-data/en/data.json",
               R"([{"hexcode": "1F600", "label": "grinning face", "tags": ["face", "happy"],
                    "subgroup": 7},
                   {"hexcode": "1F601-FE0F", "label": "beaming face"},
                   {"hexcode": "1F602", "label": "face with tears"}])");
  folder.write("packages/emojibase-data/en/messages.json",
               R"({"subgroups": [{"order": 7, "message": "smiling"}]})");
  for (const char* list : {"emojibase", "joypixels", "iamcal", "github"})
    folder.write(std::string("packages/emojibase-data/en/shortcodes/") + list + ".json",
                 R"({"1F600": ["grinning_face", "gleeful", "+1"]})");
  folder.write("split.json", kSplit);
}

EmojiOptions options_for(const TemporaryFolder& folder) {
  return {folder.path() / "packages", folder.path() / "split.json", folder.path() / "out", 16};
}

// The red, green and blue of one pixel.
std::vector<int> pixel(const Image& image, int x, int y) {
  const auto at = 3 * (y * image.width + x);
  return {image.rgb[at], image.rgb[at + 1], image.rgb[at + 2]};
}

const std::vector<int> kRed{255, 0, 0};
const std::vector<int> kWhite{255, 255, 255};

}  // namespace

TEST_CASE("an_svg_is_drawn_on_white_with_its_shorter_side_as_asked") {
  const auto image = render_svg(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 10'>"
      "<path fill='#f00' d='M0 0h10v10H0z'/></svg>",
      8, "half");
  CHECK(image.width == 16);
  CHECK(image.height == 8);
  CHECK(pixel(image, 0, 0) == kRed);
  CHECK(pixel(image, 15, 7) == kWhite);
}

TEST_CASE("what_is_no_svg_is_refused_by_name") {
  for (const char* text : {"", "hello", "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
                           "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9999 1'/>"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(render_svg(text, 8, "noto: red-heart"),
                         doctest::Contains("noto: red-heart"), DataError);
  }
}

TEST_CASE("aliases_flip_and_turn_their_parent") {
  const TemporaryFolder folder;
  write_packages(folder);
  const IconSet set(folder.path() / "packages/noto");
  const auto flipped = render_svg(*set.svg("1F601"), 10, "flipped");
  CHECK(pixel(flipped, 0, 5) == kWhite);
  CHECK(pixel(flipped, 9, 5) == kRed);
  const auto turned = render_svg(*set.svg("1F602"), 10, "turned");  // clockwise: left becomes top
  CHECK(pixel(turned, 5, 0) == kRed);
  CHECK(pixel(turned, 5, 9) == kWhite);
  CHECK_FALSE(set.svg("1F999").has_value());
  CHECK_THROWS_AS(set.svg("1F603"), DataError);
}

TEST_CASE("captions_start_with_category_and_name_and_go_on_with_other_names_and_new_keywords") {
  CHECK(caption_variants("Grinning face", "smiling", {"face", "happy", "grin"},
                         {"gleeful", "+1", "grinning_face"}) ==
        std::vector<std::string>{"smiling: Grinning face", "gleeful", "Grinning face, happy, grin",
                                 "happy grin"});
  CHECK(caption_variants("O button", "", {}, {"o2"}) == std::vector<std::string>{"O button"});
}

TEST_CASE("emoji_are_drawn_in_every_style_and_split_by_concept_and_style") {
  const TemporaryFolder folder;
  write_packages(folder);
  const auto summary = prepare_emoji(options_for(folder));
  CHECK(summary.pictures.at("train") == 3);
  CHECK(summary.pictures.at("seen_fluent") == 1);
  CHECK(summary.pictures.at("seen_emojione") == 1);
  CHECK(summary.pictures.at("val_noto") == 1);
  CHECK(summary.pictures.at("test_fluent") == 1);
  const auto table = read_table(summary.table.string());
  CHECK(table.rows.size() == 15);
  CHECK(table.rows[0].captions[0] == "smiling: grinning face");
  CHECK(table.rows[0].group == "1F600");
  CHECK(load_image(table.rows[0].image).width == 16);
  CHECK(table.rows[13].captions == std::vector<std::string>{"face with tears"});
  const auto names = read_table(summary.table.string(), {.caption_key = "name"});
  CHECK(names.rows[0].captions == std::vector<std::string>{"grinning face"});
}

TEST_CASE("damaged_emoji_packages_are_refused") {
  const TemporaryFolder folder;
  write_packages(folder);
  auto options = options_for(folder);
  options.size = 1;
  CHECK_THROWS_AS(prepare_emoji(options), ConfigError);
  options.size = 16;
  folder.write("split.json", R"({"train": ["../../x"], "val": [], "test": []})");
  CHECK_THROWS_AS(prepare_emoji(options), DataError);
  folder.write("split.json", R"({"train": ["1F600"]})");
  CHECK_THROWS_AS(prepare_emoji(options), DataError);
  folder.write("split.json", kSplit);
  folder.write("packages/twemoji/icons.json", "[]");
  CHECK_THROWS_AS(prepare_emoji(options), DataError);
  folder.write("packages/twemoji/icons.json", kIcons);
  folder.write("packages/emojibase-data/en/messages.json", "{}");
  CHECK_THROWS_WITH_AS(prepare_emoji(options), doctest::Contains("subgroups"), DataError);
  fs::remove_all(folder.path() / "packages/noto");
  CHECK_THROWS_AS(prepare_emoji(options), DataError);
}
