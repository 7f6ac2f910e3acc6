// PNG, JPEG and WebP pictures.
#include "tests/fuzz/target.h"
#include "train/data/image.h"

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  for (const Alpha alpha : {Alpha::drop, Alpha::white}) {
    fuzz::may_refuse([&] {
      const Image image = decode_image({bytes, size}, "a.png", {alpha, 1 << 18});
      const auto pixels = static_cast<size_t>(image.width * image.height);
      fuzz::require(pixels <= (1 << 18), "max_pixels holds");
      fuzz::require(image.rgb.size() == pixels * 3, "every pixel has three bytes");
    });
  }
  return 0;
}
