#include "train/hdf5/btree2.h"

#include "train/hdf5/checksum.h"

#include <bit>

namespace tandem {
namespace {

constexpr const char* what = "a B-tree";

// Bytes that numbers up to `most` are stored in.
size_t bytes_for(uint64_t most) { return static_cast<size_t>(std::bit_width(most) + 7) / 8; }

class Btree2 {
 public:
  using Each = std::function<void(Cursor record)>;

  Btree2(const Hdf5Source& source, uint64_t address, Btree2Type type, const Each& each)
      : source_(source), type_(type), each_(each) {
    const size_t size = 22 + source.address_bytes() + source.length_bytes();
    const Bytes header = source.structure(address, size);
    check_checksum(source, header, what);
    Cursor at(source, header, what);
    expect(at, "BTHD");
    node_bytes_ = at.number(4);
    record_bytes_ = at.number(2);
    depth_ = static_cast<size_t>(at.number(2));
    at.skip(2);  // when nodes are split and merged
    root_ = at.address();
    root_records_ = at.number(2);
    if (record_bytes_ == 0 || node_bytes_ > source.size()) at.damaged();
    lay_out();
  }

  void walk() const {
    if (root_ != Hdf5Source::undefined) walk(root_, root_records_, depth_);
  }

 private:
  static constexpr uint64_t overhead = 10;  // of a node: signature, version, type, checksum

  struct Level {
    uint64_t most_records = 0;  // in a node
    size_t total_bytes = 0;     // that the number of records below one of its nodes takes
  };

  void expect(Cursor& at, std::string_view signature) const {
    at.expect(signature);
    at.expect_version(0);
    if (at.byte() != static_cast<uint8_t>(type_)) at.damaged();
  }

  // How many records fit into the nodes of each level; leaves are level 0.
  void lay_out() {
    if (node_bytes_ < overhead + record_bytes_) source_.damaged(what);
    uint64_t most = (node_bytes_ - overhead) / record_bytes_;
    uint64_t total = most;
    count_bytes_ = bytes_for(most);
    levels_.push_back({most, 0});
    for (size_t level = 1; level <= depth_; ++level) {
      const uint64_t pointer = source_.address_bytes() + count_bytes_ + levels_.back().total_bytes;
      if (node_bytes_ < overhead + pointer) source_.damaged(what);
      most = (node_bytes_ - (overhead + pointer)) / (record_bytes_ + pointer);
      if (most == 0 || total > source_.size() || level > 64) source_.damaged(what);
      total = (most + 1) * total + most;
      levels_.push_back({most, bytes_for(total)});
    }
  }

  void walk(uint64_t address, uint64_t records, size_t level) const {
    if (records > levels_[level].most_records) source_.damaged(what);
    const size_t total_bytes = level > 0 ? levels_[level - 1].total_bytes : 0;
    const uint64_t pointer = source_.address_bytes() + count_bytes_ + total_bytes;
    const uint64_t used =
        overhead + records * record_bytes_ + (level > 0 ? (records + 1) * pointer : 0);
    const Bytes node = source_.structure(address, used);
    check_checksum(source_, node, what);
    Cursor at(source_, node, what);
    expect(at, level > 0 ? "BTIN" : "BTLF");
    const auto all = at.take(records * record_bytes_);
    for (uint64_t i = 0; i <= records; ++i) {
      if (level > 0) {
        const uint64_t child = at.address();
        const uint64_t count = at.number(count_bytes_);
        at.skip(total_bytes);
        walk(child, count, level - 1);
      }
      if (i < records) {
        each_(Cursor(source_, all.subspan(i * record_bytes_, record_bytes_), what));
      }
    }
  }

  const Hdf5Source& source_;
  const Btree2Type type_;
  const Each& each_;
  uint64_t node_bytes_ = 0, record_bytes_ = 0, root_records_ = 0;
  uint64_t root_ = Hdf5Source::undefined;
  size_t depth_ = 0;
  size_t count_bytes_ = 0;  // that the number of records of a node takes
  std::vector<Level> levels_;
};

}  // namespace

void walk_btree2(const Hdf5Source& source, uint64_t address, Btree2Type type,
                 const std::function<void(Cursor record)>& each) {
  Btree2(source, address, type, each).walk();
}

}  // namespace tandem
