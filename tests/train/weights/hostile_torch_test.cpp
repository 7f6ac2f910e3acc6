// Files that were made to do harm, or that were damaged.
#include "core/error.h"
#include "tests/train/contains.h"
#include "tests/train/temporary_folder.h"
#include "tests/train/weights/torch_files.h"
#include "train/weights/pickle.h"
#include "train/weights/read.h"

#include <doctest/doctest.h>

#include <random>

using namespace tandem;
using namespace tandem::test;

namespace {

const std::string start = "\x80\x02";  // protocol 2

const std::string eight_floats = [] {
  std::string bytes;
  for (float x = 0; x < 8; ++x) bytes += little(x);
  return bytes;
}();

std::string error_of(const std::string& content) {
  static const TemporaryFolder folder;
  std::map<std::string, std::string> metadata;
  try {
    read_weights(folder.write("x.pt", content), metadata);
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of_pickle(const std::string& pickle) {
  return error_of(archive_of(pickle, eight_floats));
}

// The error of a state dict with one tensor of storage '0', which has 8 elements.
std::string error_of_view(int32_t offset, const std::vector<int32_t>& shape,
                          const std::vector<int32_t>& strides, int32_t elements = 8) {
  return error_of_pickle(state_dict("w", tensor("0", elements, offset, shape, strides)));
}

}  // namespace

TEST_CASE("a_pickle_that_calls_a_function_is_refused_by_its_name") {
  for (const char* module : {"os", "posix", "nt"}) {
    const std::string pickle =
        start + name(module, "system") + "(" + text("touch /tmp/harmed") + "tR.";
    CHECK(contains(error_of_pickle(pickle), std::string("names '") + module + ".system'"));
  }
  const std::string stacked =
      "\x80\x04\x8c\x08"
      "builtins\x8c\x04"
      "eval\x93)R.";
  CHECK(contains(error_of_pickle(stacked), "names 'builtins.eval'"));
  CHECK(contains(error_of_pickle(start + name("torch", "load") + "."), "'torch.load'"));
  CHECK(contains(error_of_pickle(start + name("torch", "FloatStorage") + ")R."), "calls"));
  CHECK(contains(error_of_pickle(start + name("os\x1b[2J", "x") + "."), "names 'os?[2J.x'"));
}

TEST_CASE("a_tensor_outside_its_storage_is_refused_by_its_name") {
  CHECK(error_of_view(0, {2, 4}, {4, 1}) == "no error");
  CHECK(error_of_view(7, {}, {}) == "no error");
  CHECK(contains(error_of_view(1, {2, 4}, {4, 1}), "tensor 'w' of shape [2, 4]"));
  CHECK(contains(error_of_view(-1, {2}, {1}), "does not lie"));
  CHECK(contains(error_of_view(0, {9}, {1}), "does not lie"));
  CHECK(contains(error_of_view(7, {2}, {-1}), "does not lie"));
  CHECK(contains(error_of_view(0, {9}, {0}), "does not lie"));
  CHECK(contains(error_of_view(0, {0}, {1}), "does not lie"));
  CHECK(contains(error_of_view(0, {-3}, {1}), "does not lie"));
  const int32_t most = INT32_MAX;
  CHECK(contains(error_of_view(0, {most, most, most}, {most, most, most}), "does not lie"));
  CHECK(contains(error_of_view(0, {most, most, most}, {0, 0, 0}), "does not lie"));
  CHECK(contains(error_of_view(0, {1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1}), "up to 6 axes"));
  CHECK(contains(error_of_view(0, {8}, {1}, 9), "storage '0' of 9 elements"));
  CHECK(contains(error_of_view(0, {8}, {1}, -8), "storage '0' of -8 elements"));
  CHECK(contains(error_of_pickle(state_dict("w", tensor("1", 8, 0, {8}, {1}))), "lacks"));
}

TEST_CASE("many_views_of_one_storage_are_refused") {
  std::string pickle = "\x80\x02}";
  for (int i = 0; i < 5; ++i) {
    pickle += text(fmt::format("w{}", i)) + tensor("0", 8, 0, {8}, {1}) + "s";
  }
  CHECK(contains(error_of_pickle(pickle + "."), "share storages of 8"));
}

TEST_CASE("a_damaged_pickle_is_refused") {
  for (const std::string& rest : std::vector<std::string>{"",
                                                          ".",
                                                          "}",
                                                          "h\x01.",
                                                          "t.",
                                                          "}e.",
                                                          "(a.",
                                                          "s.",
                                                          "R.",
                                                          "Q.",
                                                          "\xff.",
                                                          "X\xff\xff\xff\xff.",
                                                          "\x8d\xff\xff\xff\xff\xff\xff\xff\xff.",
                                                          "\x8a\xff.",
                                                          "c",
                                                          "}b.",
                                                          "q\x01.",
                                                          "I1\n.",
                                                          "]}}s.",
                                                          "))\x81.",
                                                          "(((((."}) {
    CAPTURE(rest);
    CHECK(error_of_pickle(start + rest) != "no error");
  }
  CHECK(contains(error_of_pickle("\x80\x02}."), "holds no tensors"));
}

TEST_CASE("names_of_texts_that_are_there_once_can_not_fill_the_memory") {
  const auto named = [](size_t bytes, int times) {
    std::string pickle =
        start + text("__torch__") + std::string("q\0", 2) + text(std::string(bytes, 'M')) + "q\x01";
    for (int i = 0; i < times; ++i) pickle += std::string("h\0h\x01\x93", 5);
    return error_of_pickle(pickle + ".");
  };
  CHECK(contains(named(1000, 100), "holds no tensors"));
  CHECK(contains(named(1'000'000, 100), "a name of 1000009 bytes"));
  CHECK(contains(named(1000, 100'000), "names of more than 67108864 bytes"));
}

TEST_CASE("a_module_of_many_attributes_that_is_there_many_times_is_refused") {
  const std::string module = name("__torch__", "M") + ")\x81";
  const auto again = [](const std::string& get, int times) {
    std::string items;
    for (int i = 0; i < times; ++i) items += get;
    return "}(" + items + "ub";
  };
  const std::string key = text("k") + "q\x01", none = "Nq\x02";
  const std::string inner = module + again("h\x01h\x02", 2000) + "q\x03";
  const auto held = [&](int times) {
    return error_of_pickle(start + key + none + inner + module + again("h\x01h\x03", times) + ".");
  };
  CHECK(contains(held(400), "holds no tensors"));
  CHECK(contains(held(2000), "more than 1000000 attributes"));
}

TEST_CASE("modules_that_hold_themselves_are_refused") {
  const std::string module = name("__torch__", "M") + ")\x81";
  const std::string put("q\0", 2), get("h\0", 2);
  const std::string cycle = start + module + put + "}" + text("m") + get + "sb.";
  CHECK(contains(error_of_pickle(cycle), "nested without an end"));
  // Each level holds the one below twice: 2^39 paths.
  std::string doubled = start + module;
  for (int level = 0; level < 39; ++level) {
    doubled += put + module + "}" + text("a") + get + "s" + text("b") + get + "sb";
  }
  CHECK(contains(error_of_pickle(doubled + "."), "nested without an end"));
}

TEST_CASE("a_name_that_is_no_utf8_text_is_refused") {
  const std::string view = tensor("0", 8, 0, {8}, {1});
  CHECK(error_of_pickle(state_dict("w\u00fc", view)) == "no error");
  CHECK(contains(error_of_pickle(state_dict("w\xff", view)), "named 'w?', which is no UTF-8"));
  const std::string module = name("__torch__", "M") + ")\x81}";
  const std::string inner = module + text("w") + view + "sb";
  CHECK(contains(error_of_pickle(start + module + text("\xc3") + inner + "sb."),
                 "named '?', which is no UTF-8"));
}

TEST_CASE("an_archive_whose_sizes_lie_is_refused") {
  const std::string pickle = state_dict("w", tensor("0", 8, 0, {8}, {1}));
  const std::vector<std::pair<std::string, std::string>> files{{"a/data.pkl", pickle},
                                                               {"a/data/0", eight_floats}};
  CHECK(error_of(zip_of(files)) == "no error");
  CHECK(contains(error_of(zip_of(files, 0x7fffffff)), "too many for a file of"));
  CHECK(error_of(zip_of(files, 0xffffffff)) != "no error");
  CHECK(contains(error_of(zip_of({{"a/data.pkl", pickle}, {"a/data.pkl", pickle}})),
                 "two entries 'a/data.pkl'"));
  CHECK(contains(error_of(zip_of({{"a/b.txt", pickle}})), "without data.pkl"));
  std::string changed = zip_of(files);
  changed[changed.find(eight_floats.substr(4, 8)) + 2] ^= 1;
  CHECK(contains(error_of(changed), "its checksum is off"));
}

TEST_CASE("an_archive_truncated_anywhere_is_refused") {
  const std::string whole = archive_of(state_dict("w", tensor("0", 8, 0, {8}, {1})), eight_floats);
  REQUIRE(error_of(whole) == "no error");
  for (size_t length = 0; length < whole.size(); length += 3) {
    CAPTURE(length);
    CHECK(error_of(whole.substr(0, length)) != "no error");
  }
}

TEST_CASE("what_is_no_weights_file_is_refused_in_words") {
  CHECK(contains(error_of("\x80\x02\x8a\nl\xfc\x9c\x46\xf9 j"), "before 1.6"));
  CHECK(contains(error_of("hello, these are no weights"), "is none of safetensors"));
  CHECK(contains(error_of(""), "is none of safetensors"));
  std::map<std::string, std::string> metadata;
  CHECK_THROWS_AS(read_weights("/nonexistent.pt", metadata), CheckpointError);
  CHECK_THROWS_AS(read_weights("/tmp", metadata), CheckpointError);
}

// Changes one to four places: bytes, gaps and repeats.
void change(std::string& bytes, std::mt19937& random) {
  for (uint32_t n = random() % 4 + 1; n > 0; --n) {
    const size_t at = random() % bytes.size();
    if (n == 4) bytes.erase(at, random() % 8);
    if (n == 3) bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 8));
    if (n < 3) bytes[at] = static_cast<char>(random());
  }
}

TEST_CASE("changed_pickles_are_read_or_refused_but_never_crash") {
  const std::string pickle = state_dict("w", tensor("0", 8, 0, {2, 4}, {4, 1}));
  std::mt19937 random(1);
  size_t refused = 0;
  constexpr size_t inputs = 4000;
  for (size_t i = 0; i < inputs; ++i) {
    std::string changed = pickle;
    change(changed, random);
    try {
      Pickle("x", std::as_bytes(std::span(changed)));
    } catch (const CheckpointError&) {
      ++refused;
    }
  }
  CHECK(refused > inputs / 3);
}

TEST_CASE("changed_archives_are_read_or_refused_but_never_crash") {
  std::mt19937 random(2);
  size_t refused = 0;
  constexpr size_t inputs = 300;
  for (size_t i = 0; i < inputs; ++i) {
    // Half of them change the tensor's description below a good checksum, half the archive.
    std::string pickle = state_dict("w", tensor("0", 8, 0, {2, 4}, {4, 1}));
    if (i % 2 == 0) {
      std::string end = pickle.substr(pickle.find("cpu") + 3);
      change(end, random);
      pickle.replace(pickle.find("cpu") + 3, std::string::npos, end);
    }
    std::string archive = archive_of(pickle, eight_floats);
    if (i % 2 == 1) change(archive, random);
    refused += error_of(archive) != "no error";
  }
  CHECK(refused > inputs / 3);
}
