#include "train/data/fingerprint.h"

#include <zlib.h>

#include <filesystem>

namespace tandem {
namespace {

class Checksum {
 public:
  void add(std::string_view text) {
    value_ = crc32_z(value_, reinterpret_cast<const Bytef*>(text.data()), text.size());
    add_number(text.size());
  }

  template <class Number>
  void add_number(Number number) {
    value_ = crc32_z(value_, reinterpret_cast<const Bytef*>(&number), sizeof number);
  }

  int64_t value() const { return static_cast<int64_t>(value_); }

 private:
  uLong value_ = crc32_z(0, nullptr, 0);
};

}  // namespace

int64_t fingerprint(std::span<const TableRow> rows) {
  Checksum sum;
  for (const TableRow& row : rows) {
    sum.add(std::filesystem::path(row.image).filename().string());
    sum.add_number(row.offset);
    for (const std::string& caption : row.captions) sum.add(caption);
    for (const float probability : row.probabilities) sum.add_number(probability);
    sum.add_number(row.weight);
    sum.add(row.group);
    sum.add(row.label);
  }
  // The number of rows is at least 1.
  return static_cast<int64_t>(rows.size()) << 32 | sum.value();
}

}  // namespace tandem
