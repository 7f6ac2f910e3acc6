#include "train/text/tokenizer.h"

#include "core/error.h"
#include "tests/folders.h"
#include "train/text/bpe.h"
#include "train/text/clean.h"
#include "train/text/html.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace tandem;

namespace {

const Tokenizer& clip() {
  static const auto tokenizer = clip_tokenizer();
  return *tokenizer;
}

const std::vector<std::string> kCaptions = {"red heart", "red apple", "green apple", "green heart",
                                            "the reddest heart"};

}  // namespace

TEST_CASE("clip_ids_are_open_clips_on_every_line_of_the_fixture") {
  std::ifstream lines(test::shared_folder() / "fixtures/clip_bpe.jsonl");
  if (!lines) {
    MESSAGE("skipped: ../shared/fixtures/clip_bpe.jsonl is not there");
    return;
  }
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto expected = nlohmann::json::parse(line);
    const auto text = expected["text"].get<std::string>();
    CAPTURE(text);
    CHECK(clip().encode(text) == expected["ids"].get<std::vector<int32_t>>());
  }
  CHECK(count > 1000);
}

TEST_CASE("clip_has_49408_ids_and_ends_with_start_and_end") {
  CHECK(clip().vocab_size() == 49408);
  CHECK(clip().start_id() == 49406);
  CHECK(clip().end_id() == 49407);
  CHECK(clip().encode("hello world") == std::vector<int32_t>{3306, 1002});
}

TEST_CASE("padding_keeps_the_end_token_of_a_long_text") {
  CHECK(encode_padded(clip(), "hello world", 6) ==
        std::vector<int32_t>{49406, 3306, 1002, 49407, 0, 0});
  CHECK(encode_padded(clip(), "hello world", 3) == std::vector<int32_t>{49406, 3306, 49407});
  CHECK_THROWS_AS(encode_padded(clip(), "hello", 2), ConfigError);
}

TEST_CASE("decode_gives_the_cleaned_text_back") {
  CHECK(clip().decode(clip().encode("A  Caf\u00e9, in Paris")) == "a caf\u00e9 , in paris");
  CHECK(clip().decode(encode_padded(clip(), "two dogs", 10)) == "two dogs");
  CHECK_THROWS_AS(clip().decode({60000}), DataError);
}

TEST_CASE("cleaning_fixes_quotes_width_ligatures_entities_space_and_case") {
  CHECK(clean_text("\u2018a\u2019 \u201cb\u201d") == "'a' \"b\"");
  CHECK(clean_text("\uff21\uff22\u3000\ufb01n") == "ab fin");
  CHECK(clean_text("e\u0301 \u00c9") == "\u00e9 \u00e9");
  CHECK(clean_text(" a&amp;amp;b\t\n c\x01 \u00a0") == "a&b c");
  CHECK(clean_text("\u039f\u0394\u039f\u03a3") == "\u03bf\u03b4\u03bf\u03c2");
  CHECK(clean_text("\u2167 \u24b6") == "\u2177 \u24d0");
  CHECK(clean_text("\xff ok") == "\ufffd ok");
  CHECK(clean_text("") == "");
}

TEST_CASE("cleaning_composes_as_unicode_has_it") {
  CHECK(clean_text("a\u0316\u0301") == "\u00e1\u0316");
  CHECK(clean_text("a\u0301\u0316") == "\u00e1\u0316");   // marks in order of their classes
  CHECK(clean_text("a\u0305\u0301") == "a\u0305\u0301");  // one above blocks another
  CHECK(clean_text("\u1ea5\u0323") == "\u1ead\u0301");    // a composed letter and one more mark
  CHECK(clean_text("\u0301a\u0327\u0301") == "\u0301\u00e1\u0327");
  CHECK(clean_text("\u1112\u1161\u11ab\uac00\u11a8") == "\ud55c\uac01");  // Hangul
  CHECK(clean_text("\u0958 \u212b") == "\u0915\u093c \u00e5");            // never composed
  CHECK(clean_text("\u0bc6\u0bbe\u0bc6\u0301\u0bbe") == "\u0bca\u0bc6\u0301\u0bbe");
}

TEST_CASE("a_letter_with_a_million_marks_and_many_letters_with_one_are_composed_in_time") {
  const auto repeated = [](std::string_view text, int times = 500'000) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  const std::string marks = repeated("\u0316") + repeated("\u0301", 499'999);
  CHECK(clean_text(std::string("a") + repeated("\u0301\u0316")) == std::string("\u00e1") + marks);
  CHECK(clean_text(repeated("e\u0301")) == repeated("\u00e9"));
}

TEST_CASE("html_references_follow_html_5") {
  CHECK(unescape_html("&lt;b&gt; &eacute; &copy 2026 &notit; &apos;") ==
        "<b> \u00e9 \u00a9 2026 \u00acit; '");
  CHECK(unescape_html("&#233;&#xE9;&#x80;&#0;&#xD800;&#99999999999;&#7;") ==
        "\u00e9\u00e9\u20ac\ufffd\ufffd\ufffd");
  CHECK(unescape_html("a & b &; &nosuch; &# &#x &") == "a & b &; &nosuch; &# &#x &");
}

TEST_CASE("training_is_the_same_for_any_order_of_captions") {
  auto reversed = kCaptions;
  std::reverse(reversed.begin(), reversed.end());
  CHECK(train_bpe(kCaptions, 530)->serialize() == train_bpe(reversed, 530)->serialize());
}

TEST_CASE("training_merges_the_most_frequent_pair_first_and_ties_by_id") {
  // "ab" occurs 3 times, then "ab c</w>" and "d e</w>" twice; d has a smaller id than ab.
  const auto trained = train_bpe(std::vector<std::string>{"abc abc abx de de"}, 516);
  const auto merges = nlohmann::json::parse(trained->serialize())["merges"];
  CHECK(merges == nlohmann::json{"a b", "d e</w>"});
  CHECK(trained->vocab_size() == 516);
}

TEST_CASE("training_stops_where_no_pair_repeats") {
  const auto trained = train_bpe(kCaptions, 4096);
  CHECK(trained->vocab_size() < 600);
  CHECK(trained->encode("red heart").size() == 2);
  CHECK(trained->decode(trained->encode("A blue \u2665")) == "a blue \u2665");
}

TEST_CASE("a_trained_tokenizer_survives_its_json") {
  const auto trained = train_bpe(kCaptions, 540);
  const auto again = Tokenizer::parse(trained->serialize());
  CHECK(again->serialize() == trained->serialize());
  CHECK(again->encode("the green heart") == trained->encode("the green heart"));
}

TEST_CASE("an_impossible_vocab_size_is_refused") {
  CHECK_THROWS_AS(train_bpe(kCaptions, 513), ConfigError);
  CHECK_THROWS_AS(train_bpe(kCaptions, 2'000'000), ConfigError);
  CHECK(train_bpe(kCaptions, 514)->vocab_size() == 514);
}

TEST_CASE("what_is_no_tokenizer_is_refused_in_a_sentence") {
  for (const char* json :
       {"", "{", "[]", "{\"kind\": \"bpe\"}", "{\"kind\": 1, \"merges\": []}",
        "{\"kind\": \"bpe\", \"merges\": [3]}", "{\"kind\": \"bpe\", \"merges\": [\"a\"]}",
        "{\"kind\": \"bpe\", \"merges\": [\"a b c\"]}",
        "{\"kind\": \"bpe\", \"merges\": [\"a qq\"]}"}) {
    CAPTURE(json);
    CHECK_THROWS_AS(Tokenizer::parse(json), DataError);
  }
  CHECK_THROWS_AS(Tokenizer::parse(std::string(100000, '[')), DataError);
  CHECK_THROWS_AS(read_tokenizer("no/such/file"), DataError);
}

TEST_CASE("a_word_of_a_million_letters_is_encoded_in_time") {
  const auto ids = clip().encode(std::string(1'000'000, 'a'));
  CHECK(ids.size() > 10'000);
  CHECK(ids.size() < 1'000'000);
}
