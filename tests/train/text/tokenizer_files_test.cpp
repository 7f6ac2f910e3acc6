// Tokenizers as Hugging Face has them, made here from CLIP's merge list; SentencePiece models.
#include "core/error.h"
#include "tests/folders.h"
#include "tests/train/temporary_folder.h"
#include "train/text/bpe.h"
#include "train/text/byte_symbols.h"
#include "train/text/clean.h"
#include "train/text/clip_vocabulary.h"
#include "train/text/gunzip.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace tandem;
using Json = nlohmann::json;

namespace {

const std::filesystem::path kFixtures = test::source_folder() / "tests/fixtures/text";

// CLIP's merges, "first second" each.
std::vector<std::string> clip_merges() {
  const Json merges = Json::parse(clip_tokenizer()->serialize())["merges"];
  return merges.get<std::vector<std::string>>();
}

Json clip_vocabulary_json() {
  Json vocabulary = Json::object();
  const auto add = [&](const std::string& symbol) {
    const size_t id = vocabulary.size();
    vocabulary[symbol] = id;
  };
  for (const char* end : {"", "</w>"})
    for (const uint8_t byte : bytes_in_id_order()) add(symbol_of_byte(byte) + end);
  for (std::string merge : clip_merges()) add(merge.erase(merge.find(' '), 1));
  add("<|startoftext|>");
  add("<|endoftext|>");
  return vocabulary;
}

Json clip_tokenizer_json() {
  Json vocabulary = clip_vocabulary_json();
  vocabulary.erase("<|endoftext|>");  // added tokens need not be in the vocabulary
  return {{"version", "1.0"},
          {"added_tokens", Json::array({{{"id", 49407}, {"content", "<|endoftext|>"}}})},
          {"normalizer",
           {{"type", "Sequence"},
            {"normalizers", Json::array({{{"type", "NFC"}}, {{"type", "Lowercase"}}})}}},
          {"pre_tokenizer",
           {{"type", "Sequence"}, {"pretokenizers", Json::array({{{"type", "ByteLevel"}}})}}},
          {"model",
           {{"type", "BPE"},
            {"unk_token", "<|endoftext|>"},
            {"end_of_word_suffix", "</w>"},
            {"vocab", vocabulary},
            {"merges", clip_merges()}}}};
}

std::string merges_text() {
  std::string text = "#version: 0.2\n";
  for (const auto& merge : clip_merges()) text += merge + '\n';
  return text;
}

// A small tokenizer.json or vocab.json of the bytes and a merge, for damaging.
Json small_vocabulary() {
  const Json whole = clip_vocabulary_json();
  Json vocabulary = Json::object();
  for (const auto& [symbol, id] : whole.items())
    if (id < 512) vocabulary[symbol] = id;
  vocabulary["ab"] = 512;
  vocabulary["<|startoftext|>"] = 513;
  vocabulary["<|endoftext|>"] = 514;
  return vocabulary;
}

std::string refusal(const std::filesystem::path& file) {
  try {
    read_tokenizer(file);
  } catch (const DataError& error) {
    return error.what();
  }
  return "not refused";
}

std::string pieces_model() {
  std::ifstream file(kFixtures / "pieces.model", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A field of bytes of a Protocol Buffers message, of a size that takes three bytes.
std::string field(char tag, const std::string& bytes) {
  const auto byte = [&](int shift) { return static_cast<char>(0x80 | (bytes.size() >> shift)); };
  return std::string{tag, byte(0), byte(7), static_cast<char>(bytes.size() >> 14)} + bytes;
}

// Compares on every line of the fixture, or without it on a few texts with CLIP's own.
void check_is_clip(const Tokenizer& tokenizer) {
  CHECK(tokenizer.serialize() == clip_tokenizer()->serialize());
  std::ifstream lines(test::shared_folder() / "fixtures/clip_bpe.jsonl");
  if (!lines)
    MESSAGE("no ../shared/fixtures/clip_bpe.jsonl: ids were not compared with open_clip's");
  int wrong = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto expected = Json::parse(line);
    const auto ids = expected["ids"].get<std::vector<int32_t>>();
    wrong += tokenizer.encode(expected["text"].get<std::string>()) != ids;
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("hugging_faces_files_of_clip_give_open_clips_ids_on_every_line_of_the_fixture") {
  const test::TemporaryFolder folder;
  SUBCASE("tokenizer.json") {
    check_is_clip(*read_tokenizer(folder.write("t.json", clip_tokenizer_json().dump())));
  }
  SUBCASE("vocab.json and merges.txt, by either name or by the folder") {
    const auto vocabulary = folder.write("vocab.json", clip_vocabulary_json().dump());
    const auto merges = folder.write("merges.txt", merges_text());
    check_is_clip(*read_tokenizer(vocabulary));
    CHECK(read_tokenizer(merges)->serialize() == clip_tokenizer()->serialize());
    CHECK(read_tokenizer(folder.path())->serialize() == clip_tokenizer()->serialize());
  }
  SUBCASE("the merge list, gzipped") {
    check_is_clip(*read_tokenizer(folder.write("bpe.txt.gz", clip_vocabulary())));
  }
}

TEST_CASE("a_vocabulary_in_another_order_keeps_its_ids_through_a_checkpoint") {
  const test::TemporaryFolder folder;
  Json vocabulary = small_vocabulary();
  std::swap(vocabulary["ab"], vocabulary["a"]);
  folder.write("merges.txt", "#version: 0.2\na b\n");
  const auto read = read_tokenizer(folder.write("vocab.json", vocabulary.dump()));
  CHECK(read->encode("ab abc") ==
        std::vector<int32_t>{512, vocabulary["b</w>"], vocabulary["ab"], vocabulary["c</w>"]});
  const auto again = Tokenizer::parse(read->serialize());
  CHECK(again->encode("ab abc") == read->encode("ab abc"));
  CHECK(again->decode({512, vocabulary["ab"]}) == "aab");
}

TEST_CASE("a_damaged_vocabulary_is_refused_in_a_sentence") {
  const test::TemporaryFolder folder;
  const auto refused = [&](const Json& vocabulary, const std::string& words) {
    const auto said = refusal(folder.write("vocab.json", vocabulary.dump()));
    CHECK_MESSAGE(said.find(words) != std::string::npos, said);
  };
  refused(small_vocabulary(), "merges.txt is not there");
  folder.write("merges.txt", "#version: 0.2\na b\n");
  Json vocabulary = small_vocabulary();
  vocabulary["a"] = 3;
  refused(vocabulary, "has no id of its own from 0 to 514");
  vocabulary["a"] = -1;
  refused(vocabulary, "has no id of its own");
  vocabulary["a"] = "x";
  refused(vocabulary, "has no id of its own");
  vocabulary = small_vocabulary();
  std::swap(vocabulary["ab"], vocabulary["<|endoftext|>"]);
  refused(vocabulary, "the largest ids of the vocabulary of 515 are not <|startoftext|>");
  vocabulary = small_vocabulary();
  vocabulary["ac"] = vocabulary["ab"];
  vocabulary.erase("ab");
  refused(vocabulary, "merge 0 makes 'ab', which the vocabulary lacks");
  refused({{"a", 0}, {"<|startoftext|>", 1}, {"<|endoftext|>", 2}},
          "which stands for byte 0; one that has all");
}

TEST_CASE("a_tokenizer_json_of_another_kind_is_refused_by_name") {
  const test::TemporaryFolder folder;
  const Json good = clip_tokenizer_json();
  const auto refused = [&](const char* pointer, const Json& value, const std::string& words) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = value;
    const auto said = refusal(folder.write("t.json", changed.dump()));
    CHECK_MESSAGE(said.find(words) != std::string::npos, said);
  };
  refused("/model/type", "Unigram", "its model is Unigram; give the SentencePiece model");
  refused("/model/type", "WordPiece", "its model is WordPiece; BPE");
  refused("/model/end_of_word_suffix", nullptr, "does not end words with </w>");
  refused("/normalizer", nullptr, "does not lower-case");
  refused("/pre_tokenizer/pretokenizers", 7, "is not ByteLevel");
  refused("/model/vocab", "none", "has no vocabulary");
  refused("/model/merges", Json::parse("[[\"a\"]]"), "merge 0 is not a string of two");
  refused("/model", "none", "it has no model");
  CHECK(refusal(folder.path()).find("the folder has no tokenizer.json") != std::string::npos);
}

TEST_CASE("siglips_cleaning_drops_punctuation_before_it_lower_cases") {
  CHECK(canonical_text("A_red-Apple,  (50%) &amp;amp; \u2018more\u2019!") == "a redapple 50 more");
  CHECK(canonical_text("\u039f\u03a3.\u0391") == "\u03bf\u03c3\u03b1");
  CHECK(canonical_text("...") == "");
}

TEST_CASE("sentence_piece_ids_are_its_own_on_every_line_of_the_fixture") {
  const auto tokenizer = read_tokenizer(kFixtures / "pieces.model");
  const auto again = Tokenizer::parse(tokenizer->serialize());
  std::ifstream lines(kFixtures / "pieces.jsonl");
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto expected = Json::parse(line);
    const auto text = expected["text"].get<std::string>();
    CAPTURE(text);
    CHECK(tokenizer->encode(text) == expected["ids"].get<std::vector<int32_t>>());
    CHECK(again->encode(text) == tokenizer->encode(text));
  }
  CHECK(count >= 10);
}

TEST_CASE("sentence_piece_texts_have_no_start_and_are_padded_with_their_end") {
  const auto tokenizer = read_tokenizer(kFixtures / "pieces.model");
  auto ids = tokenizer->encode("A red apple!");
  REQUIRE(ids.size() > 2);
  const auto padded = encode_padded(*tokenizer, "A red apple!", 64);
  ids.resize(64, tokenizer->end_id());
  CHECK(padded == ids);
  CHECK(tokenizer->decode(padded) == "a red apple");
  const auto cut = encode_padded(*tokenizer, "A red apple!", 3);
  CHECK(cut == std::vector<int32_t>{ids[0], ids[1], tokenizer->end_id()});
  CHECK_THROWS_AS(tokenizer->decode({100000}), DataError);
}

TEST_CASE("a_damaged_sentence_piece_model_is_refused_in_a_sentence") {
  const test::TemporaryFolder folder;
  const std::string good = pieces_model();
  const auto said = refusal(folder.write("cut.model", good.substr(0, good.size() / 2)));
  CHECK_MESSAGE(said.find("SentencePiece model is damaged") != std::string::npos, said);
  auto zero = good;
  zero[zero.find("blue")] = '\0';
  const auto ended = refusal(folder.write("zero.model", zero));
  CHECK_MESSAGE(ended.find("SentencePiece model is damaged") != std::string::npos, ended);
  // A normalizer whose map's only block of 256 units leads out of itself.
  std::string map("\0\4\0\0", 4);
  map += std::string(1024, '\0') + "x" + std::string(1, '\0');
  // Newer versions of the library find something else about this one.
  const auto sound = refusal(folder.write("good.model", good + field('\x1a', field('\x12', map))));
  CHECK_MESSAGE(sound.find("damaged or cut off") == std::string::npos, sound);
  map[4 + 2] = '\x7f';
  const auto forged = refusal(folder.write("map.model", good + field('\x1a', field('\x12', map))));
  CHECK_MESSAGE(forged.find("damaged or cut off") != std::string::npos, forged);
}

TEST_CASE("a_sentence_piece_too_long_for_the_library_is_refused") {
  const test::TemporaryFolder folder;
  const auto refusal_with = [&](size_t bytes) {
    const std::string piece = field('\x0a', field('\x0a', std::string(bytes, 'a')));
    return refusal(folder.write("long.model", pieces_model() + piece));
  };
  CHECK(refusal_with(4096) == "not refused");
  for (const size_t bytes : {4097, 200'000}) {
    const auto said = refusal_with(bytes);
    CHECK_MESSAGE(
        said.find(fmt::format("piece of {} bytes; up to 4096 are", bytes)) != std::string::npos,
        said);
  }
}
