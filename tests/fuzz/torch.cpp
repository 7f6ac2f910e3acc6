// PyTorch's zip archives. The first byte chooses: the rest is an archive, or the pickle of one.
#include "tests/fuzz/target.h"
#include "tests/train/weights/torch_files.h"
#include "train/weights/torch_file.h"

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const std::string rest(fuzz::text_of(bytes + 1, size - 1));
  const std::string archive =
      bytes[0] % 2 == 0 ? rest : test::archive_of(rest, std::string(64, '\1'));
  fuzz::may_refuse([&] { (void)read_torch_file(fuzz::file_of(archive, "a.pt")); });
  return 0;
}
