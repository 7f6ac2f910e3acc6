// Python's pickles.
#include "tests/fuzz/target.h"
#include "train/weights/pickle.h"

#include <span>

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  fuzz::may_refuse([&] {
    const Pickle pickle("a.pkl", std::as_bytes(std::span(bytes, size)));
    (void)pickle.find(pickle.root(), "state_dict");
  });
  return 0;
}
