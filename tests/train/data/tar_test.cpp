#include "train/data/tar.h"

#include "core/error.h"
#include "tests/train/data/tar_files.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

using namespace tandem;
using namespace tandem::test;

namespace {

struct Read {
  std::string name, content;
  bool operator==(const Read&) const = default;
};

std::vector<Read> members(const std::string& path) {
  TarReader reader(path);
  std::vector<Read> found;
  for (TarMember member; reader.next(member);) {
    found.push_back({member.name, reader.read(member, 1 << 20)});
  }
  return found;
}

// What reading an archive of these bytes says, after its name.
std::string failure(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.tar", bytes);
  try {
    members(path);
  } catch (const DataError& error) {
    return std::string(error.what()).substr(path.size());
  }
  return "no error";
}

}  // namespace

TEST_CASE("an_archive_is_read_back_as_it_was_written") {
  const TemporaryFolder folder;
  const std::string big(20'000, 'b');
  const std::string bytes =
      tar_member("1.txt", "") + tar_member("1.jpg", big) + tar_member("x/2.txt", "two") + tar_end();
  CHECK(bytes.size() == 512 + 512 + 20'480 + 512 + 512 + 1024);
  CHECK(members(folder.write("a.tar", bytes)) ==
        std::vector<Read>{{"1.txt", ""}, {"1.jpg", big}, {"x/2.txt", "two"}});
  CHECK_THROWS_AS(tar_member(std::string(101, 'x'), ""), DataError);
}

TEST_CASE("long_names_and_sizes_of_gnu_and_pax_are_read") {
  const TemporaryFolder folder;
  const std::string name = std::string(150, 'n') + ".txt";
  const std::string record = fmt::format("164 path={}\n", name);
  REQUIRE(record.size() == 164);
  std::string binary(12, '\0');
  binary[0] = '\x80';
  binary[11] = '\x03';
  std::string content = "yes";
  content.resize(512);
  const std::string bytes =
      tar_entry("././@LongLink", name + '\0', 'L') + tar_entry("short", "gnu") +
      tar_entry("pax", record, 'x') + tar_entry("short", "pax") +
      tar_entry("pax", "10 size=3\n", 'x') + tar_header({.name = "a", .size = "00000000000"}) +
      content + tar_header({.name = "b", .size = binary, .prefix = "p"}) + content + tar_close();
  CHECK(members(folder.write("a.tar", bytes)) ==
        std::vector<Read>{{name, "gnu"}, {name, "pax"}, {"a", "yes"}, {"p/b", "yes"}});
}

TEST_CASE("folders_links_and_devices_are_passed_over") {
  const TemporaryFolder folder;
  std::string bytes = tar_entry("g", "19 comment=nothing\n", 'g') + tar_entry("old/", "", '\0');
  for (const char type : {'1', '2', '3', '4', '5', '6'}) bytes += tar_entry("other", "", type);
  bytes += tar_entry("file", "x", '\0') + tar_close();
  CHECK(members(folder.write("a.tar", bytes)) == std::vector<Read>{{"file", "x"}});
}

TEST_CASE("every_cut_of_an_archive_is_an_error") {
  const std::string bytes = tar_entry("1.txt", "one") + tar_entry("2.txt", std::string(600, 'x'));
  for (size_t size = 0; size <= bytes.size(); size += 4) {
    CAPTURE(size);
    const std::string what = failure(bytes.substr(0, size));
    CHECK((what.ends_with("it was cut.")));
  }
  CHECK(failure(bytes.substr(0, 1700)) ==
        ": 2.txt has 600 bytes from byte 1536 on, but the file ends at 1700; it was cut.");
  CHECK(failure(bytes) ==
        ": it ends at byte 2560 without the mark of an archive's end; it was cut.");
}

TEST_CASE("sizes_that_lie_are_refused") {
  const std::string rest(4096, '\0');
  const std::string most("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12);
  CHECK(failure(tar_header({.name = "a", .size = "77777777777"}) + rest)
            .starts_with(": a has 8589934591 bytes from byte 512 on, but the file ends at 4608"));
  CHECK(failure(tar_header({.name = "a", .size = most}) + rest) ==
        ": a has a size that is no number.");
  CHECK(failure(tar_header({.name = "a", .size = "-0000000001"}) + rest) ==
        ": a has a size that is no number.");
  CHECK(failure(tar_header({.name = "a", .size = "12x"}) + rest) ==
        ": a has a size that is no number.");
  CHECK(failure(tar_entry("x", "99 size=1\n", 'x') + rest) ==
        ": the pax header at byte 512 is damaged.");
  CHECK(failure(tar_entry("x", "11 size=-1\n", 'x') + rest) ==
        ": the pax header at byte 512 has a size that is no number.");
  CHECK(failure(tar_entry("x", std::string((1 << 20) + 1, 'x'), 'x') + rest)
            .ends_with("has 1048577 bytes; expected at most 1048576."));
}

TEST_CASE("what_is_no_plain_archive_is_named") {
  CHECK(failure(std::string("\x1f\x8b").append(600, '\0')).starts_with(": it is compressed"));
  CHECK(failure(std::string(1024, 'x')) ==
        ": no header of a tar member at byte 0: its checksum is wrong.");
  CHECK(failure(tar_entry("a", "", 'S') + tar_close()) ==
        ": a is sparse; pack it without --sparse.");
  CHECK_THROWS_AS(TarReader("/nonexistent/a.tar"), DataError);
  CHECK_THROWS_AS(TarReader("/"), DataError);
}
