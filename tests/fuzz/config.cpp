// YAML configs: of runs, resolved and checked, and of models.
#include "tests/fuzz/target.h"
#include "train/config/read.h"
#include "train/config/reference.h"

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text = fuzz::text_of(bytes, size);
  fuzz::may_refuse([&] {
    const std::string resolved = to_yaml(parse_run_config(text, "a.yaml"));
    const std::string again = to_yaml(parse_run_config(resolved, "again.yaml"));
    fuzz::require(resolved == again, "a resolved config is read as it was written");
  });
  fuzz::may_refuse([&] { parse_model_config(text, "a.yaml"); });
  return 0;
}
