#include "train/hdf5/btree1.h"

namespace tandem {
namespace {

constexpr const char* what = "a B-tree";

class Btree1 {
 public:
  using Each = std::function<void(Cursor key, uint64_t child)>;

  Btree1(const Hdf5Source& source, Btree1Type type, size_t key_bytes, const Each& each)
      : source_(source), type_(type), key_bytes_(key_bytes), each_(each) {}

  // `level` is what the node must have; negative for the root, which may have any.
  void walk(uint64_t address, int level) const {
    const size_t prefix = 8 + 2 * source_.address_bytes();
    const Bytes start = source_.structure(address, prefix);
    Cursor at(source_, start, what);
    at.expect("TREE");
    if (at.byte() != static_cast<uint8_t>(type_)) at.damaged();
    const int own = at.byte();
    if (level >= 0 && own != level) at.damaged();
    const uint64_t count = at.number(2);
    const size_t entry = key_bytes_ + source_.address_bytes();
    const Bytes entries = source_.structure(address + prefix, count * entry);
    Cursor next(source_, entries, what);
    for (uint64_t i = 0; i < count; ++i) {
      const Cursor key(source_, next.take(key_bytes_), what);
      const uint64_t child = next.address();
      own > 0 ? walk(child, own - 1) : each_(key, child);
    }
  }

 private:
  const Hdf5Source& source_;
  const Btree1Type type_;
  const size_t key_bytes_;
  const Each& each_;
};

}  // namespace

void walk_btree1(const Hdf5Source& source, uint64_t address, Btree1Type type, size_t key_bytes,
                 const std::function<void(Cursor key, uint64_t child)>& each) {
  Btree1(source, type, key_bytes, each).walk(address, -1);
}

}  // namespace tandem
