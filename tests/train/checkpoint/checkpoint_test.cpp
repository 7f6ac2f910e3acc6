#include "train/checkpoint/checkpoint.h"

#include "core/error.h"
#include "tests/train/checkpoint/example.h"
#include "train/checkpoint/seal.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

using namespace tandem;
using tandem::test::content_of;
using tandem::test::error_of_verifying;
using tandem::test::example_checkpoint;
using tandem::test::TemporaryFolder;

TEST_CASE("a_checkpoint_is_read_back_as_it_was_written") {
  const TemporaryFolder folder;
  const Checkpoint checkpoint = example_checkpoint();
  write_checkpoint(folder / "a.h5", checkpoint);
  CHECK(read_checkpoint(folder / "a.h5") == checkpoint);
  const Checkpoint model = read_checkpoint_model(folder / "a.h5");
  CHECK(model.model == checkpoint.model);
  CHECK(model.optimizer.empty());
  CHECK(model.attributes == checkpoint.attributes);
  CHECK_FALSE(std::filesystem::exists(folder / "a.h5.tmp"));
}

TEST_CASE("equal_checkpoints_give_equal_files") {
  const TemporaryFolder folder;
  write_checkpoint(folder / "a.h5", example_checkpoint());
  write_checkpoint(folder / "b.h5", example_checkpoint());
  CHECK(content_of(folder / "a.h5") == content_of(folder / "b.h5"));
}

TEST_CASE("a_long_tokenizer_fits_into_an_attribute") {
  const TemporaryFolder folder;
  Checkpoint checkpoint = example_checkpoint();
  checkpoint.attributes["tokenizer"] = std::string(3'000'000, 't');
  checkpoint.attributes["empty"] = "";
  write_checkpoint(folder / "a.h5", checkpoint);
  CHECK(read_checkpoint(folder / "a.h5").attributes == checkpoint.attributes);
}

TEST_CASE("names_and_sizes_that_can_not_be_stored_are_refused") {
  const TemporaryFolder folder;
  for (const char* name : {"", ".", "a/b", "/a", "a/"}) {
    CAPTURE(name);
    Checkpoint checkpoint;
    checkpoint.model = {{name, {1}, {1}}};
    CHECK_THROWS_AS(write_checkpoint(folder / "a.h5", checkpoint), CheckpointError);
  }
  Checkpoint twice;
  twice.model = {{"a", {1}, {1}}, {"a", {1}, {1}}};
  CHECK_THROWS_AS(write_checkpoint(folder / "a.h5", twice), CheckpointError);
  Checkpoint short_of_values;
  short_of_values.model = {{"a", {2}, {1}}};
  CHECK_THROWS_AS(write_checkpoint(folder / "a.h5", short_of_values), CheckpointError);
  CHECK_FALSE(std::filesystem::exists(folder / "a.h5"));
  CHECK_FALSE(std::filesystem::exists(folder / "a.h5.tmp"));
}

TEST_CASE("a_checkpoint_truncated_anywhere_is_refused") {
  const TemporaryFolder folder;
  write_checkpoint(folder / "a.h5", example_checkpoint());
  const std::string whole = content_of(folder / "a.h5");
  for (size_t length = 0; length < whole.size(); length += 1 + length / 97) {
    CAPTURE(length);
    CHECK(error_of_verifying(folder.write("b.h5", whole.substr(0, length))) != "");
  }
  CHECK(error_of_verifying(folder.write("b.h5", whole + std::string(8, '\0'))) != "");
}

TEST_CASE("every_flipped_byte_is_found") {
  const TemporaryFolder folder;
  write_checkpoint(folder / "a.h5", example_checkpoint());
  const std::string whole = content_of(folder / "a.h5");
  for (size_t i = 0; i < whole.size(); i += i < seal_bytes ? 1 : 37) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 0x20);
    CAPTURE(i);
    CHECK(error_of_verifying(folder.write("b.h5", changed)) != "");
  }
}

TEST_CASE("what_is_no_checkpoint_is_refused") {
  const TemporaryFolder folder;
  CHECK(error_of_verifying(folder / "none.h5").find("No such file") != std::string::npos);
  CHECK(error_of_verifying(folder.write("a.h5", std::string(4096, 'x'))).find("not a checkpoint") !=
        std::string::npos);
  CHECK(error_of_verifying(folder.write("a.h5", "tandem checkpoint 2\n")).find("version") !=
        std::string::npos);
  CHECK(error_of_verifying(folder.path().string()).find("regular file") != std::string::npos);
}

TEST_CASE("a_write_that_fails_leaves_the_old_checkpoint") {
  const TemporaryFolder folder;
  Checkpoint checkpoint = example_checkpoint();
  write_checkpoint(folder / "a.h5", checkpoint);
  const std::string before = content_of(folder / "a.h5");
  checkpoint.model[0].values.assign(100'000, 1.0f);
  checkpoint.model[0].shape = {100'000};

  // Writing past the largest file size fails as a full disk does, in the middle of the file.
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const rlim_t bytes : {0, 600, 3000, 50'000, 300'000}) {
    const rlimit lower{bytes, limit.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &lower) == 0);
    std::string message;
    try {
      write_checkpoint(folder / "a.h5", checkpoint);
    } catch (const CheckpointError& error) {
      message = error.what();
    }
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CAPTURE(bytes);
    CHECK(message.find("a.h5.tmp: can't") != std::string::npos);
    CHECK(message.find("File too large") != std::string::npos);
    CHECK(content_of(folder / "a.h5") == before);
    CHECK_FALSE(std::filesystem::exists(folder / "a.h5.tmp"));
  }
  std::signal(SIGXFSZ, handler);
  write_checkpoint(folder / "a.h5", checkpoint);
  CHECK(read_checkpoint(folder / "a.h5") == checkpoint);
}

TEST_CASE("h5py_reads_a_checkpoint") {
  if (std::system("/usr/bin/python3 -c 'import h5py' 2>/dev/null") != 0) {
    MESSAGE("skipped: /usr/bin/python3 has no h5py (Debian's python3-h5py)");
    return;
  }
  const TemporaryFolder folder;
  write_checkpoint(folder / "a.h5", example_checkpoint());
  const std::string script = folder.write("read.py", R"(
import sys, zlib, h5py
file = h5py.File(sys.argv[1], 'r')
model = file['model']
assert set(model) == {'logit_scale', 'visual.proj', 'a'}, list(model)
assert model['visual.proj'].shape == (2, 3) and model['visual.proj'].dtype == 'float32'
assert model['visual.proj'][1, 2] == 6.5
assert model['logit_scale'].shape == () and model['logit_scale'][()] == 2.5
assert file['optimizer/m/visual.proj'].shape == (2, 3)
assert file['state/step'][()] == 1200 and file['state/seed'][()] == -1
assert file.attrs['config'].decode() == 'name: ü\n' and file.attrs['format_version'] == 1
for data in (model['visual.proj'], file['state/step']):
    assert zlib.crc32(data[()].tobytes()) == data.attrs['crc32']
)");
  CHECK(std::system(("/usr/bin/python3 " + script + " " + (folder / "a.h5")).c_str()) == 0);
}
