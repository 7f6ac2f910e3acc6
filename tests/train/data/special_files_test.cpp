// Pipes and devices where a text file is expected: a read of one waits for ever or has no end.
#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/data/icon_set.h"
#include "train/data/table.h"
#include "train/text/prompts.h"
#include "train/text/read_captions.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <functional>

using namespace tandem;
using tandem::test::TemporaryFolder;

namespace {

std::string error_of(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string pipe_in(const TemporaryFolder& folder, const std::string& name) {
  REQUIRE(mkfifo((folder / name).c_str(), 0600) == 0);
  return folder / name;
}

std::string refusal(const std::string& path) {
  return path + ": is not a regular file; give the path of a file.";
}

}  // namespace

TEST_CASE("a_pipe_or_device_is_no_table") {
  const TemporaryFolder folder;
  for (const char* name : {"a.jsonl", "a.csv", "a.tsv", "a.json", "a-labels-idx1-ubyte"}) {
    const std::string path = pipe_in(folder, name);
    const bool labels = path.ends_with("ubyte");
    CHECK(error_of([&] { read_table(labels ? folder / "a-images-idx3-ubyte" : path); }) ==
          refusal(path));
  }
  for (const char* name : {"b.jsonl", "b.csv", "b.json"}) {
    std::filesystem::create_symlink("/dev/zero", folder / name);
    CHECK(error_of([&] { read_table(folder / name); }) == refusal(folder / name));
  }
}

TEST_CASE("a_pipe_is_no_list_of_lines") {
  const TemporaryFolder folder;
  const std::string path = pipe_in(folder, "pipe");
  CHECK(error_of([&] { read_class_names(path); }) == refusal(path));
  CHECK(error_of([&] { read_templates(path); }) == refusal(path));
  CHECK(error_of([&] { read_captions(path, "", {}); }) == refusal(path));
  CHECK(error_of([&] { read_json_file(path); }) == refusal(path));
  folder.write("pictures/cat/a.png", "not opened");
  CHECK(error_of([&] { read_table(folder / "pictures", {.class_names = path}); }) ==
        refusal(path));
}

TEST_CASE("a_line_without_an_end_is_refused_with_its_file_and_number") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.txt", "cat\n" + std::string(1'100'000, 'x'));
  const std::string refused = path + ":2: the line is longer than 1 MiB.";
  CHECK(error_of([&] { read_class_names(path); }) == refused);
  CHECK(error_of([&] { read_captions(path, "", {}); }) == refused);
  folder.write("pictures/cat/a.png", "not opened");
  CHECK(error_of([&] { read_table(folder / "pictures", {.class_names = path}); }) == refused);
}
