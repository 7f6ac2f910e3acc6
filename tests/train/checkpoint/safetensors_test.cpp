#include "tests/train/contains.h"
#include "train/checkpoint/safetensors.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <cstring>

using namespace tandem;
using tandem::test::contains;
using tandem::test::content_of;
using tandem::test::TemporaryFolder;

namespace {

// A file with the given header and that many bytes of data, 0, 1, 2, ...
std::string file_of(const std::string& header, size_t bytes) {
  const uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  file += header;
  for (size_t i = 0; i < bytes; ++i) file += static_cast<char>(i);
  return file;
}

std::string error_of(const std::string& path) {
  try {
    Safetensors file(path);
  } catch (const CheckpointError& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of_header(const std::string& header, size_t bytes) {
  const TemporaryFolder folder;
  return error_of(folder.write("x.safetensors", file_of(header, bytes)));
}

const std::vector<NamedTensor> two{{"visual.proj", {2, 3}, {1, -2, 3, 4, 5, 6.5f}},
                                   {"logit_scale", {}, {2.5f}}};

}  // namespace

TEST_CASE("safetensors_that_were_written_are_read_back") {
  const TemporaryFolder folder;
  write_safetensors(folder / "a.safetensors", two, {{"format", "pt"}});
  const Safetensors file(folder / "a.safetensors");
  CHECK(file.metadata().at("format") == "pt");
  REQUIRE(file.entries().size() == 2);
  CHECK(file.tensor("visual.proj") == two[0]);
  CHECK(file.tensor("logit_scale") == two[1]);
  CHECK(file.find("none") == nullptr);
  CHECK_THROWS_AS(file.floats("none"), CheckpointError);
  CHECK_THROWS_AS(file.integers("logit_scale"), CheckpointError);
  CHECK_FALSE(std::filesystem::exists(folder / "a.safetensors.tmp"));
}

TEST_CASE("safetensors_convert_every_type") {
  const TemporaryFolder folder;
  std::string data(32, '\0');
  const uint16_t half = 0x3e00, brain = 0x3fc0;  // both 1.5
  const int64_t wide = -7;
  const int32_t narrow = 70000;
  std::memcpy(data.data(), &wide, 8);
  std::memcpy(data.data() + 8, &narrow, 4);
  std::memcpy(data.data() + 12, &half, 2);
  std::memcpy(data.data() + 14, &brain, 2);
  data[16] = static_cast<char>(200);
  data.resize(17);
  const std::string path =
      folder.write("x", file_of(R"({"i64":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                                R"("i32":{"dtype":"I32","shape":[],"data_offsets":[8,12]},)"
                                R"("f16":{"dtype":"F16","shape":[1,1],"data_offsets":[12,14]},)"
                                R"("bf16":{"dtype":"BF16","shape":[1],"data_offsets":[14,16]},)"
                                R"("u8":{"dtype":"U8","shape":[1],"data_offsets":[16,17]}})",
                                0) +
                            data);
  const Safetensors file(path);
  CHECK(file.integers("i64") == std::vector<int32_t>{-7});
  CHECK(file.integers("i32") == std::vector<int32_t>{70000});
  CHECK(file.integers("u8") == std::vector<int32_t>{200});
  CHECK(file.floats("f16") == std::vector<float>{1.5f});
  CHECK(file.floats("bf16") == std::vector<float>{1.5f});
  CHECK_THROWS_AS(file.floats("i64"), CheckpointError);
}

TEST_CASE("an_integer_that_does_not_fit_32_bits_is_refused") {
  const TemporaryFolder folder;
  const int64_t large = int64_t{1} << 40;
  const std::string data(reinterpret_cast<const char*>(&large), 8);
  const std::string path = folder.write(
      "x", file_of(R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", 0) + data);
  CHECK_THROWS_AS(Safetensors(path).integers("a"), CheckpointError);
}

TEST_CASE("safetensors_truncated_anywhere_are_refused") {
  const TemporaryFolder folder;
  write_safetensors(folder / "a", two);
  const std::string whole = content_of(folder / "a");
  for (size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(error_of(folder.write("b", whole.substr(0, length))) != "no error");
  }
  CHECK(contains(error_of(folder.write("b", whole + "x")), "after its last tensor"));
}

TEST_CASE("a_flipped_byte_never_crashes_the_safetensors_reader") {
  const TemporaryFolder folder;
  write_safetensors(folder / "a", two);
  const std::string whole = content_of(folder / "a");
  size_t refused = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x11);
    refused += error_of(folder.write("b", changed)) != "no error";
  }
  CHECK(refused >= 100);  // most of the header's bytes matter
}

TEST_CASE("lying_safetensors_headers_are_refused") {
  const auto one = [](const std::string& entry) { return "{\"a\":" + entry + "}"; };
  const std::string good = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
  CHECK(error_of_header(one(good), 8) == "no error");
  CHECK(contains(error_of_header(one(good), 4), "is truncated"));
  CHECK(contains(error_of_header(R"({"a":)" + good + R"(,"a":)" + good + "}", 8),
                 "the same name twice"));
  CHECK(contains(error_of_header(R"({"a":)" + good + R"(,"b":)" + good + "}", 8), "overlap"));
  CHECK(contains(error_of_header(one(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})"), 12),
                 "gap"));
  CHECK(contains(error_of_header(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"), 8),
                 "before its start"));
  CHECK(contains(error_of_header(one(R"({"dtype":"Q4","shape":[2],"data_offsets":[0,8]})"), 8),
                 "of type Q4"));
  CHECK(contains(error_of_header(one(R"({"dtype":"F32","shape":[2]})"), 8), "lacks one of"));
  for (const char* shape : {"[3]", "[0]", "[4294967296,4294967296,4]", "[1,1,1,1,1,1,2]", "[-2]",
                            "[2.0]", "[[2]]", "2", "[\"2\"]", "{}", "null", "true"}) {
    CAPTURE(shape);
    const std::string header =
        one(R"({"dtype":"F32","shape":)" + std::string(shape) + R"(,"data_offsets":[0,8]})");
    CHECK(error_of_header(header, 8) != "no error");
  }
  CHECK(error_of_header(std::string(100000, '['), 8) != "no error");
  CHECK(error_of_header("{" + std::string(100000, '{'), 8) != "no error");
}

TEST_CASE("a_folder_or_a_missing_file_is_not_a_safetensors_file") {
  const TemporaryFolder folder;
  CHECK(contains(error_of(folder.path().string()), "regular file"));
  CHECK(contains(error_of(folder / "none"), "No such file"));
}
