// Checkpoints. The input is what follows the seal, which is put right here, so that the readers
// behind it are reached. Checksums of HDF5's own structures are not compared in this build, so that
// what a forger who puts them right can make is tried too.
#include "train/checkpoint/checkpoint.h"
#include "tests/fuzz/target.h"
#include "train/checkpoint/seal.h"

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string content(fuzz::text_of(bytes, size));
  const std::string path = fuzz::file_of(std::string(seal_bytes, '\0') + content, "a.h5");
  fuzz::may_refuse([&] {
    OutputFile file(path, OutputFile::Open::existing);
    write_seal(file);
  });
  fuzz::may_refuse([&] { (void)read_checkpoint(path); });
  return 0;
}
