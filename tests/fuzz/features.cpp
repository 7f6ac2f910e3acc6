// Files of features, which any program may have written: all that is read of them, and rows in
// another order.
#include "tests/fuzz/target.h"
#include "train/features/feature_set.h"

#include <vector>

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string path = fuzz::file_of(fuzz::text_of(bytes, size), "a.h5");
  if (!is_feature_file(path)) return 0;
  fuzz::may_refuse([&] {
    const FeatureSet set = read_feature_set(path);
    std::vector<float> rows;
    set.images->read(std::vector<int64_t>{set.images->rows() - 1, 0}, rows);
    (void)set.images->read_all();
    if (set.class_texts) (void)set.class_texts->read_all();
    if (set.texts) (void)set.texts->read_all();
  });
  return 0;
}
