// Files that PyTorch itself wrote, where it is installed (Debian's python3-torch).
#include "train/weights/read.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "tests/train/weights/torch_files.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/safetensors.h"

#include <doctest/doctest.h>

#include <cstdlib>

using namespace tandem;
using namespace tandem::test;

namespace {

// Values are k/4, which every floating-point type holds.
const char* const script = R"(
import collections, sys, zipfile, torch
folder = sys.argv[1]
def values(*shape, dtype=torch.float32):
    n = 1
    for axis in shape: n *= axis
    return (torch.arange(n, dtype=torch.float32) / 4).reshape(shape).to(dtype)
state = collections.OrderedDict(
    plain=values(2, 3), half=values(5, dtype=torch.float16), brain=values(5, dtype=torch.bfloat16),
    double=values(5, dtype=torch.float64), integer=torch.tensor(77),
    transposed=values(3, 2).t(), part=values(4, 4)[1:3, 1:], scalar=torch.tensor(2.5),
    parameter=torch.nn.Parameter(values(2)))
torch.save(state, folder + '/state.pt')
module = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.LayerNorm(2))
with torch.no_grad():
    for parameter in module.parameters(): parameter.copy_(values(*parameter.shape))
optimizer = torch.optim.AdamW(module.parameters())
module(torch.ones(1, 3)).sum().backward()
wrapped = {'module.' + key: value for key, value in module.state_dict().items()}
torch.save({'epoch': 3, 'name': 'run', 'state_dict': wrapped, 'scaler': {'scale': 65536.0},
            'optimizer': optimizer.state_dict()}, folder + '/training.pt')
torch.save(module.state_dict(), folder + '/module.pt')
for protocol in (3, 4, 5):
    torch.save(module.state_dict(), folder + f'/protocol{protocol}.pt', pickle_protocol=protocol)
torch.jit.trace(module.half().float(), torch.ones(1, 3)).save(folder + '/traced.pt')
torch.jit.script(module).save(folder + '/scripted.pt')
with zipfile.ZipFile(folder + '/module.pt') as archive, \
     zipfile.ZipFile(folder + '/deflated.pt', 'w', zipfile.ZIP_DEFLATED) as packed:
    for name in archive.namelist(): packed.writestr(name, archive.read(name))
torch.save(module, folder + '/whole.pt')
torch.save(module.state_dict(), folder + '/old.pt', _use_new_zipfile_serialization=False)
)";

// The folder with PyTorch's files, made once; null where it is not installed.
const TemporaryFolder* torch_files() {
  static const TemporaryFolder folder;
  static const bool written = [] {
    const std::string path = folder.write("script.py", script);
    const std::string command = "/usr/bin/python3 " + path + " " + folder.path().string() + " 2>" +
                                (folder / "log.txt") + " >&2";
    if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null >&2") != 0) return false;
    const bool done = std::system(command.c_str()) == 0;
    if (!done) FAIL(content_of(folder / "log.txt"));
    return done;
  }();
  if (!written) MESSAGE("not tested: /usr/bin/python3 has no torch (apt install python3-torch)");
  return written ? &folder : nullptr;
}

std::map<std::string, std::string> metadata;

std::vector<float> quarters(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i) / 4;
  return values;
}

const std::vector<NamedTensor> module_tensors{{"0.weight", {2, 3}, quarters(6)},
                                              {"0.bias", {2}, quarters(2)},
                                              {"1.weight", {2}, quarters(2)},
                                              {"1.bias", {2}, quarters(2)}};

}  // namespace

TEST_CASE("a_state_dict_of_pytorch_is_read_in_every_type_and_layout") {
  const TemporaryFolder* folder = torch_files();
  if (folder == nullptr) return;
  const auto tensors = read_weights(*folder / "state.pt", metadata);
  CHECK(metadata.at("tandem.source") == "torch");
  const std::vector<NamedTensor> expected{{"plain", {2, 3}, quarters(6)},
                                          {"half", {5}, quarters(5)},
                                          {"brain", {5}, quarters(5)},
                                          {"double", {5}, quarters(5)},
                                          {"integer", {}, {77}},
                                          {"transposed", {2, 3}, {0, 0.5, 1, 0.25, 0.75, 1.25}},
                                          {"part", {2, 3}, {1.25, 1.5, 1.75, 2.25, 2.5, 2.75}},
                                          {"scalar", {}, {2.5}},
                                          {"parameter", {2}, quarters(2)}};
  CHECK(tensors == expected);
}

TEST_CASE("a_training_checkpoint_of_pytorch_gives_its_state_dict_without_module") {
  const TemporaryFolder* folder = torch_files();
  if (folder == nullptr) return;
  CHECK(read_weights(*folder / "training.pt", metadata) == module_tensors);
}

TEST_CASE("every_pickle_protocol_and_deflated_archives_are_read") {
  const TemporaryFolder* folder = torch_files();
  if (folder == nullptr) return;
  for (const char* file :
       {"module.pt", "protocol3.pt", "protocol4.pt", "protocol5.pt", "deflated.pt"}) {
    CAPTURE(file);
    CHECK(read_weights(*folder / file, metadata) == module_tensors);
  }
}

TEST_CASE("torchscript_archives_give_the_attributes_of_their_modules") {
  const TemporaryFolder* folder = torch_files();
  if (folder == nullptr) return;
  for (const char* file : {"traced.pt", "scripted.pt"}) {
    CAPTURE(file);
    CHECK(read_weights(*folder / file, metadata) == module_tensors);
    CHECK(metadata.at("tandem.source") == "torchscript");
  }
}

TEST_CASE("a_pickled_module_and_the_old_format_are_refused") {
  const TemporaryFolder* folder = torch_files();
  if (folder == nullptr) return;
  CHECK_THROWS_WITH_AS(read_weights(*folder / "whole.pt", metadata),
                       doctest::Contains("names 'torch.nn.modules.container.Sequential'"),
                       CheckpointError);
  CHECK_THROWS_WITH_AS(read_weights(*folder / "old.pt", metadata), doctest::Contains("before 1.6"),
                       CheckpointError);
}

TEST_CASE("safetensors_and_checkpoints_are_told_by_their_content") {
  const TemporaryFolder folder;
  write_safetensors(folder / "a", module_tensors, {{"format", "pt"}});
  CHECK(read_weights(folder / "a", metadata) == module_tensors);
  CHECK(metadata.at("tandem.source") == "safetensors");
  CHECK(metadata.at("format") == "pt");
  write_checkpoint(folder / "b", {.model = module_tensors, .attributes = {{"config", "x"}}});
  CHECK(read_weights(folder / "b", metadata) == module_tensors);
  CHECK(metadata.at("tandem.source") == "checkpoint");
  CHECK(metadata.at("config") == "x");
}

TEST_CASE("an_archive_made_by_hand_is_read") {
  const TemporaryFolder folder;
  std::string bytes;
  for (const float value : quarters(8)) bytes += little(value);
  const std::string path = folder.write(
      "a.pt", archive_of(state_dict("module.w", tensor("0", 8, 2, {3, 2}, {2, 1})), bytes));
  const auto tensors = read_weights(path, metadata);
  REQUIRE(tensors.size() == 1);
  CHECK(tensors[0] == NamedTensor{"w", {3, 2}, {0.5, 0.75, 1, 1.25, 1.5, 1.75}});
}
