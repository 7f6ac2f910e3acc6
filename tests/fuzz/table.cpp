// Caption tables. The first byte chooses the kind; "a.png" is a picture that exists.
#include "tests/fuzz/target.h"
#include "train/data/table.h"

#include <array>

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const std::string picture = fuzz::file_of("", "a.png");
  if (size == 0) return 0;
  constexpr std::array names{"a.jsonl", "a.csv", "a.tsv"};
  const std::string path = fuzz::file_of(fuzz::text_of(bytes + 1, size - 1), names[bytes[0] % 3]);
  fuzz::may_refuse([&] {
    const Table table = read_table(path);
    (void)group_numbers(table.rows);
  });
  fuzz::may_refuse([&] {
    std::vector<TableProblem> problems;
    for (const TableRow& row : read_table(path, &problems).rows) {
      fuzz::require(!row.captions.empty(), "every row has a caption");
    }
  });
  return 0;
}
