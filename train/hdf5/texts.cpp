// Texts, and the global heaps that those of variable length lie in (HDF5 File Format
// Specification, III.E).
#include "train/hdf5/data_set.h"

#include <algorithm>

namespace tandem {
namespace {

class GlobalHeaps {
 public:
  explicit GlobalHeaps(const Hdf5Source& source) : source_(source) {}

  std::span<const std::byte> object(uint64_t address, uint64_t index) {
    auto heap = heaps_.find(address);
    if (heap == heaps_.end()) heap = heaps_.emplace(address, read(address)).first;
    const auto found = heap->second.objects.find(index);
    if (found == heap->second.objects.end()) source_.damaged("a text is not in its heap");
    return std::span(heap->second.bytes).subspan(found->second.first, found->second.second);
  }

 private:
  struct Heap {
    Bytes bytes;
    std::map<uint64_t, std::pair<size_t, size_t>> objects;  // by index: where, and how long
  };

  Heap read(uint64_t address) const {
    constexpr const char* what = "a heap of texts";
    const size_t prefix = 8 + source_.length_bytes();
    const Bytes start = source_.structure(address, prefix);
    Cursor head(source_, start, what);
    head.expect("GCOL");
    head.expect_version(1);
    head.skip(3);
    const uint64_t bytes = head.length();
    if (bytes < prefix) head.damaged();
    Heap heap{source_.structure(address, bytes), {}};
    Cursor at(source_, heap.bytes, what);
    at.skip(prefix);
    while (at.left() >= 8 + source_.length_bytes()) {
      const uint64_t index = at.number(2);
      at.skip(6);
      const uint64_t length = at.length();
      if (index == 0) break;  // the free rest
      heap.objects.emplace(index, std::pair(heap.bytes.size() - at.left(), length));
      at.skip(length);
      at.skip(std::min<uint64_t>((8 - length % 8) % 8, at.left()));
    }
    return heap;
  }

  const Hdf5Source& source_;
  std::map<uint64_t, Heap> heaps_;
};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Without what pads it.
std::string trimmed(std::string text, const Hdf5Type& type) {
  if (type.kind == Hdf5Type::Kind::text && type.padded_by_spaces) {
    text.resize(text.find_last_not_of(' ') + 1);
    return text;
  }
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

}  // namespace

std::vector<std::string> read_texts(const Hdf5Source& source, const Hdf5Type& type,
                                    std::span<const std::byte> bytes) {
  const bool fixed = type.kind == Hdf5Type::Kind::text;
  if (!fixed && type.kind != Hdf5Type::Kind::text_reference) source.damaged("values are no texts");
  GlobalHeaps heaps(source);
  uint64_t bytes_left = source.size();
  std::vector<std::string> texts;
  texts.reserve(bytes.size() / type.bytes);
  for (; bytes.size() >= type.bytes; bytes = bytes.subspan(type.bytes)) {
    if (fixed) {
      texts.push_back(trimmed(text_of(bytes.first(type.bytes)), type));
      continue;
    }
    Cursor at(source, bytes, "a text");
    const uint64_t length = at.number(4);
    const uint64_t address = at.address();
    const uint64_t index = at.number(4);
    if (length > bytes_left) source.damaged("texts are longer than the file");
    bytes_left -= length;
    const auto stored = length == 0 ? std::span<const std::byte>() : heaps.object(address, index);
    if (stored.size() < length) source.damaged("a text is longer than its place in the heap");
    texts.push_back(trimmed(text_of(stored.first(length)), type));
  }
  return texts;
}

}  // namespace tandem
