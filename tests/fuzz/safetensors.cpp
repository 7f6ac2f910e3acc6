// Safetensors files.
#include "tests/fuzz/target.h"
#include "train/checkpoint/safetensors.h"

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  fuzz::may_refuse([&] {
    const Safetensors file(fuzz::file_of(fuzz::text_of(bytes, size), "a.safetensors"));
    for (const SafetensorsEntry& entry : file.entries()) {
      fuzz::may_refuse([&] { (void)file.tensor(entry.name); });
      fuzz::may_refuse([&] { (void)file.integers(entry.name); });
    }
  });
  return 0;
}
