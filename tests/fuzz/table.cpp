// Tables of every kind in one file. The first byte chooses it; "a.png" is a picture that exists,
// and an IDX file has two labels.
#include "tests/fuzz/target.h"
#include "train/data/table.h"

#include <array>

using namespace tandem;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const std::string picture = fuzz::file_of("", "a.png");
  static const std::string labels =
      fuzz::file_of(std::string_view("\0\0\10\1\0\0\0\2\0\1", 10), "labels-idx1-ubyte");
  if (size == 0) return 0;
  constexpr std::array names{"a.jsonl", "a.csv", "a.tsv", "a.tar", "a.json", "images-idx3-ubyte"};
  const std::string path =
      fuzz::file_of(fuzz::text_of(bytes + 1, size - 1), names[bytes[0] % names.size()]);
  fuzz::may_refuse([&] {
    const Table table = read_table(path);
    (void)group_numbers(table.rows);
    for (const TableRow& row : table.rows) fuzz::may_refuse([&] { (void)picture_bytes(row); });
  });
  fuzz::may_refuse([&] {
    std::vector<TableProblem> problems;
    for (const TableRow& row : read_table(path, {}, &problems).rows) {
      fuzz::require(!row.captions.empty(), "every row has a caption");
    }
  });
  return 0;
}
