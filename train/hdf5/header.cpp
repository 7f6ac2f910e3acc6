#include "train/hdf5/header.h"

#include "train/hdf5/checksum.h"

#include <algorithm>
#include <deque>

namespace tandem {
namespace {

constexpr const char* what = "an object header";

class HeaderReader {
 public:
  explicit HeaderReader(const Hdf5Source& source) : source_(source) {}

  std::vector<Hdf5Message> read(uint64_t address) {
    const Bytes start = source_.structure(address, 16);
    const bool newer = std::to_integer<char>(start[0]) == 'O';
    newer ? begin_newer(address, start) : begin_older(address, start);
    while (!pieces_.empty()) {
      const auto [at, bytes] = pieces_.front();
      pieces_.pop_front();
      const Bytes piece = source_.structure(at, bytes);
      if (newer) {
        Cursor(source_, piece, what).expect("OCHK");
        check_checksum(source_, piece, what);
        if (piece.size() < 8) source_.damaged(what);
        read_newer(std::span(piece).subspan(4, piece.size() - 8));
      } else {
        read_older(piece);
      }
    }
    return std::move(messages_);
  }

 private:
  struct Piece {
    uint64_t address;
    uint64_t bytes;
  };

  void begin_older(uint64_t address, const Bytes& start) {
    Cursor at(source_, start, what);
    at.expect_version(1);
    at.skip(7);  // a byte not used, the number of messages, how many links there are to the object
    pieces_.push_back({address + 16, at.number(4)});
  }

  void begin_newer(uint64_t address, const Bytes& start) {
    Cursor at(source_, start, what);
    at.expect("OHDR");
    at.expect_version(2);
    const uint8_t flags = at.byte();
    with_order_ = (flags & 4) != 0;
    const size_t size_bytes = size_t{1} << (flags & 3);
    const size_t prefix = 6 + ((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0);
    const Bytes size = source_.structure(address + prefix, size_bytes);
    const uint64_t length = Cursor(source_, size, what).number(size_bytes);
    if (length > source_.size()) source_.damaged(what);
    const Bytes all = source_.structure(address, prefix + size_bytes + length + 4);
    check_checksum(source_, all, what);
    read_newer(std::span(all).subspan(prefix + size_bytes, length));
  }

  void read_older(std::span<const std::byte> bytes) {
    Cursor at(source_, bytes, what);
    while (at.left() >= 8) {
      const uint64_t type = at.number(2);
      const uint64_t length = at.number(2);
      const uint8_t flags = at.byte();
      at.skip(3);
      add(type, flags, at.take(length));
    }
  }

  void read_newer(std::span<const std::byte> bytes) {
    Cursor at(source_, bytes, what);
    const size_t least = with_order_ ? 6 : 4;  // what is shorter is a gap
    while (at.left() >= least) {
      const uint8_t type = at.byte();
      const uint64_t length = at.number(2);
      const uint8_t flags = at.byte();
      if (with_order_) at.skip(2);
      add(type, flags, at.take(length));
    }
  }

  void add(uint64_t type, uint8_t flags, std::span<const std::byte> bytes) {
    static constexpr Hdf5Message::Type wanted[]{
        Hdf5Message::dataspace,      Hdf5Message::link_info,     Hdf5Message::datatype,
        Hdf5Message::link,           Hdf5Message::layout,        Hdf5Message::filters,
        Hdf5Message::external_files, Hdf5Message::attribute,     Hdf5Message::continuation,
        Hdf5Message::symbol_table,   Hdf5Message::attribute_info};
    constexpr uint8_t shared = 0x02, must_be_known = 0x80;
    if (std::find(std::begin(wanted), std::end(wanted), type) == std::end(wanted)) {
      if (type > 0x18 && (flags & must_be_known) != 0) source_.refuse("is newer than Tandem knows");
      return;
    }
    if ((flags & shared) != 0) source_.refuse("has a named or shared type; those are not read");
    if (type != Hdf5Message::continuation) {
      messages_.push_back({static_cast<uint8_t>(type), Bytes(bytes.begin(), bytes.end())});
      return;
    }
    Cursor at(source_, bytes, what);
    const uint64_t address = at.address();
    pieces_.push_back({address, at.length()});
  }

  const Hdf5Source& source_;
  bool with_order_ = false;
  std::deque<Piece> pieces_;  // still to be read
  std::vector<Hdf5Message> messages_;
};

}  // namespace

std::vector<Hdf5Message> read_header(const Hdf5Source& source, uint64_t address) {
  return HeaderReader(source).read(address);
}

const Hdf5Message* only(const Hdf5Source& source, const std::vector<Hdf5Message>& messages,
                        Hdf5Message::Type type) {
  const Hdf5Message* found = nullptr;
  for (const Hdf5Message& message : messages) {
    if (message.type != type) continue;
    if (found != nullptr) source.damaged("an object header has two messages of a kind");
    found = &message;
  }
  return found;
}

}  // namespace tandem
