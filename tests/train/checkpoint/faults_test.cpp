// Every call of every kind that writing a file makes goes wrong once, in every way it can.
#include "tests/train/checkpoint/faulty_calls.h"

#include "core/error.h"
#include "tests/train/checkpoint/example.h"
#include "train/checkpoint/hdf5.h"
#include "train/checkpoint/safetensors.h"
#include "train/data/write_file.h"

#include <doctest/doctest.h>

#include <functional>

using namespace tandem;
using tandem::test::all_faults;
using tandem::test::content_of;
using tandem::test::Fault;
using tandem::test::FaultyCalls;
using tandem::test::TemporaryFolder;

namespace {

using Write = std::function<void(const std::string& path, int version)>;
using Check = std::function<void(const std::string& path)>;

bool one_sentence(const std::string& text) {
  return text.size() > 1 && text.back() == '.' && text.find('\n') == std::string::npos;
}

// The error of writing a version of the file; empty if there is none.
std::string error_of(const Write& write, const std::string& path, int version) {
  try {
    write(path, version);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

size_t files_in(const TemporaryFolder& folder) {
  const std::filesystem::directory_iterator files(folder.path());
  return static_cast<size_t>(std::distance(begin(files), end(files)));
}

// Writes version 2 of a file over version 1 while call `at` goes wrong; false if there were not so
// many calls.
bool survives(const Write& write, const Check& check, const Fault& fault, int at) {
  const TemporaryFolder folder;
  const std::string path = folder / "a";
  write(folder / "2", 2);
  const std::string second = content_of(folder / "2");
  std::filesystem::remove(folder / "2");
  write(path, 1);
  const std::string first = content_of(path);

  FaultyCalls calls;
  std::string error;
  {
    const OtherFileCalls in_place(calls);
    calls.arm(fault, at);
    error = error_of(write, path, 2);
  }
  if (calls.injected() == 0) return false;
  CAPTURE(error);
  if (!fault.may_be_harmless()) CHECK(error.empty() == fault.harmless());
  CHECK((error.empty() || one_sentence(error)));
  check(path);
  const std::string after = content_of(path);
  CHECK((after == second || (!error.empty() && after == first)));
  CHECK(files_in(folder) == 1);
  CHECK(H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
  CHECK(H5Eget_num(H5E_DEFAULT) == 0);
  CHECK(error_of(write, path, 2) == "");
  CHECK(content_of(path) == second);
  return true;
}

// Lets each call go wrong in each way; says how often that was.
void inject_everywhere(const char* what, const Write& write, const Check& check) {
  int injected = 0;
  for (const Fault& fault : all_faults) {
    CAPTURE(fault.name);
    int at = 1;
    for (; survives(write, check, fault, at); ++at) CAPTURE(at);
    injected += at - 1;
  }
  MESSAGE(fmt::format("{}: {} faults injected", what, injected));
  CHECK(injected > 0);
}

Checkpoint checkpoint_of(int version) {
  Checkpoint checkpoint = test::example_checkpoint();
  checkpoint.state["step"] = version;
  checkpoint.model.push_back({"large", {20'000}, std::vector<float>(20'000, 0.5f)});
  return checkpoint;
}

}  // namespace

TEST_SUITE_BEGIN("faults");

TEST_CASE("a_fault_anywhere_in_writing_a_checkpoint_leaves_the_last_good_one") {
  inject_everywhere(
      "checkpoint",
      [](const std::string& path, int version) { write_checkpoint(path, checkpoint_of(version)); },
      verify_checkpoint);
}

TEST_CASE("a_fault_anywhere_in_writing_safetensors_leaves_the_file_before") {
  inject_everywhere(
      "safetensors",
      [](const std::string& path, int version) {
        write_safetensors(path, checkpoint_of(version).model);
      },
      [](const std::string& path) { Safetensors{path}; });
}

TEST_CASE("a_fault_anywhere_in_writing_a_text_leaves_the_file_before") {
  inject_everywhere(
      "text",
      [](const std::string& path, int version) {
        write_file(path, std::string(1000, static_cast<char>('0' + version)));
      },
      [](const std::string& path) { CHECK(content_of(path).size() == 1000); });
}

TEST_CASE("a_file_that_could_not_be_deleted_is_gone_after_the_next_try") {
  const TemporaryFolder folder;
  class Stuck final : public FileCalls {
    int rename(const char*, const char*) override { return errno = EIO, -1; }
    int remove(const char*) override { return errno = EIO, -1; }
  } stuck;
  {
    const OtherFileCalls in_place(stuck);
    CHECK_THROWS_AS(write_checkpoint(folder / "a.h5", checkpoint_of(1)), CheckpointError);
  }
  CHECK(std::filesystem::exists(folder / "a.h5.tmp"));
  write_checkpoint(folder / "a.h5", checkpoint_of(1));
  CHECK(files_in(folder) == 1);
}

TEST_SUITE_END();
