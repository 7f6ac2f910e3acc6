#include "train/report/tensorboard.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/report/crc32c.h"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <vector>

using namespace tandem;
using test::TemporaryFolder;

namespace {

// A decoder of its own: fields of a message by number, in their raw bytes or as an integer.
struct Field {
  uint64_t number = 0;
  std::string bytes;
};
using Fields = std::multimap<uint64_t, Field>;

uint64_t read_varint(const std::string& from, size_t& at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(from.at(at++));
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
}

Fields decode(const std::string& message) {
  Fields fields;
  for (size_t at = 0; at < message.size();) {
    const uint64_t tag = read_varint(message, at);
    Field field;
    size_t size = 0;
    switch (tag & 7) {
      case 0:
        field.number = read_varint(message, at);
        break;
      case 1:
        size = 8;
        break;
      case 2:
        size = read_varint(message, at);
        break;
      case 5:
        size = 4;
        break;
      default:
        FAIL("wire type ", tag & 7);
    }
    REQUIRE(at + size <= message.size());
    field.bytes = message.substr(at, size);
    at += size;
    fields.emplace(tag >> 3, field);
  }
  return fields;
}

Field one(const Fields& fields, uint64_t number) {
  REQUIRE(fields.count(number) == 1);
  return fields.find(number)->second;
}

// CRC-32C bit by bit, and TFRecord's mask.
uint32_t plain_masked_crc(const std::string& bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

std::vector<Fields> read_events(const std::filesystem::path& path) {
  const std::string file = test::content_of(path);
  std::vector<Fields> events;
  for (size_t at = 0; at < file.size();) {
    uint64_t length = 0;
    uint32_t length_crc = 0, data_crc = 0;
    REQUIRE(at + 12 <= file.size());
    std::memcpy(&length, file.data() + at, 8);
    std::memcpy(&length_crc, file.data() + at + 8, 4);
    CHECK(length_crc == plain_masked_crc(file.substr(at, 8)));
    REQUIRE(at + 16 + length <= file.size());
    const std::string data = file.substr(at + 12, length);
    std::memcpy(&data_crc, file.data() + at + 12 + length, 4);
    CHECK(data_crc == plain_masked_crc(data));
    events.push_back(decode(data));
    at += 16 + length;
  }
  return events;
}

// The one value in an event's summary.
Fields value_of(const Fields& event) { return decode(one(decode(one(event, 5).bytes), 1).bytes); }

}  // namespace

TEST_CASE("crc32c_gives_the_check_value") { CHECK(crc32c("123456789") == 0xE3069283u); }

TEST_CASE("an_event_file_begins_with_its_version") {
  TemporaryFolder folder;
  const TensorBoardWriter writer(folder.path() / "made");
  CHECK(writer.path().filename().string().starts_with("events.out.tfevents."));
  const auto events = read_events(writer.path());
  REQUIRE(events.size() == 1);
  CHECK(one(events[0], 3).bytes == "brain.Event:2");
  CHECK(one(events[0], 1).bytes.size() == 8);
}

TEST_CASE("scalars_come_back_from_an_event_file") {
  TemporaryFolder folder;
  TensorBoardWriter writer(folder.path());
  writer.scalar("train/loss", 300, 2.5);
  const auto events = read_events(writer.path());
  REQUIRE(events.size() == 2);
  CHECK(one(events[1], 2).number == 300);
  const Fields value = value_of(events[1]);
  CHECK(one(value, 1).bytes == "train/loss");
  float number = 0;
  std::memcpy(&number, one(value, 2).bytes.data(), 4);
  CHECK(number == 2.5f);
}

TEST_CASE("pictures_and_text_come_back_from_an_event_file") {
  TemporaryFolder folder;
  TensorBoardWriter writer(folder.path());
  const std::string png(300, 'p');
  writer.image("eval/matrix", 7, png, 640, 480);
  writer.text("config", 0, "seed: 1");
  const auto events = read_events(writer.path());
  REQUIRE(events.size() == 3);
  const Fields picture = decode(one(value_of(events[1]), 4).bytes);
  CHECK(one(picture, 1).number == 480);
  CHECK(one(picture, 2).number == 640);
  CHECK(one(picture, 4).bytes == png);
  const Fields value = value_of(events[2]);
  const Fields tensor = decode(one(value, 8).bytes);
  CHECK(one(tensor, 1).number == 7);
  CHECK(one(tensor, 8).bytes == "seed: 1");
  const Fields plugin = decode(one(decode(one(value, 9).bytes), 1).bytes);
  CHECK(one(plugin, 1).bytes == "text");
}

TEST_CASE("a_resumed_run_forgets_later_steps_in_a_file_of_its_own") {
  TemporaryFolder folder;
  const TensorBoardWriter first(folder.path()), second(folder.path(), 120);
  CHECK(first.path() != second.path());
  const auto events = read_events(second.path());
  REQUIRE(events.size() == 2);
  CHECK(one(events[1], 2).number == 121);
  CHECK(one(decode(one(events[1], 7).bytes), 1).number == 1);
}

TEST_CASE("an_event_file_that_cannot_be_made_is_refused") {
  CHECK_THROWS_WITH_AS(TensorBoardWriter("/dev/null/events"), doctest::Contains("can't be made"),
                       DataError);
}
