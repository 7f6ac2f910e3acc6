#include "train/byte_size.h"

#include "core/error.h"

#include <doctest/doctest.h>

using namespace tandem;

TEST_CASE("amounts_of_memory_are_read_as_people_write_them") {
  CHECK(parse_bytes("24GiB") == uint64_t{24} << 30);
  CHECK(parse_bytes("1.5 GB") == 1'500'000'000);
  CHECK(parse_bytes("4096") == 4096);
  CHECK(byte_text(uint64_t{24} << 30) == "24.00 GiB");
  CHECK(byte_text(1536) == "1.5 KiB");
  CHECK(byte_text(12) == "12 bytes");
}

TEST_CASE("what_is_no_amount_of_memory_is_refused") {
  for (const char* text : {"", "GiB", "-1GiB", "24 gallons", "nan", "inf", "1e30"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_bytes(text), ConfigError);
  }
}
