#include "train/hdf5/old_group.h"

#include "train/hdf5/btree1.h"

#include <algorithm>

namespace tandem {
namespace {

// The names of a group's members.
class LocalHeap {
 public:
  LocalHeap(const Hdf5Source& source, uint64_t address) : source_(source) {
    const Bytes header =
        source.structure(address, 8 + 2 * source.length_bytes() + source.address_bytes());
    Cursor at(source, header, "a local heap");
    at.expect("HEAP");
    at.expect_version(0);
    at.skip(3);
    const uint64_t bytes = at.length();
    at.length();  // free space
    names_ = source.structure(at.address(), bytes);
  }

  std::string name(uint64_t offset) const {
    if (offset >= names_.size()) source_.damaged("a name is not in its heap");
    const auto begin = names_.begin() + static_cast<ptrdiff_t>(offset);
    const auto end = std::find(begin, names_.end(), std::byte{0});
    if (end == names_.end()) source_.damaged("a name has no end");
    const auto bytes = static_cast<size_t>(end - begin);
    source_.count_copy(bytes);
    return {reinterpret_cast<const char*>(&*begin), bytes};
  }

 private:
  const Hdf5Source& source_;
  Bytes names_;
};

void read_symbols(const Hdf5Source& source, uint64_t address, const LocalHeap& heap,
                  std::vector<Hdf5Link>& links) {
  constexpr const char* what = "a symbol table";
  const Bytes start = source.structure(address, 8);
  Cursor at(source, start, what);
  at.expect("SNOD");
  at.expect_version(1);
  at.skip(1);
  const uint64_t count = at.number(2);
  const size_t entry = source.length_bytes() + source.address_bytes() + 24;
  const Bytes entries = source.structure(address + 8, count * entry);
  Cursor next(source, entries, what);
  for (uint64_t i = 0; i < count; ++i) {
    Hdf5Link link{.name = heap.name(next.length())};
    link.address = next.address();
    constexpr uint64_t soft_link = 2;
    if (next.number(4) == soft_link) link.address = Hdf5Source::undefined;
    next.skip(20);
    links.push_back(std::move(link));
  }
}

}  // namespace

std::vector<Hdf5Link> read_old_group(const Hdf5Source& source, std::span<const std::byte> message) {
  Cursor at(source, message, "a group");
  const uint64_t tree = at.address();
  const LocalHeap heap(source, at.address());
  std::vector<Hdf5Link> links;
  walk_btree1(source, tree, Btree1Type::group, source.length_bytes(),
              [&](Cursor, uint64_t child) { read_symbols(source, child, heap, links); });
  return links;
}

}  // namespace tandem
