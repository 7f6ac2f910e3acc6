// PyTorch's archives, put together by hand, honest or not.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tandem::test {

template <class Number>
std::string little(Number value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// A zip archive of stored entries. `claimed` replaces every entry's size, if not 0.
inline std::string zip_of(const std::vector<std::pair<std::string, std::string>>& files,
                          uint32_t claimed = 0) {
  std::string archive, directory;
  for (const auto& [name, content] : files) {
    const auto checksum = static_cast<uint32_t>(crc32(
        0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size())));
    const auto bytes = claimed ? claimed : static_cast<uint32_t>(content.size());
    const std::string fields = std::string(6, '\0') + std::string(4, '\0') + little(checksum) +
                               little(bytes) + little(bytes) +
                               little(static_cast<uint16_t>(name.size())) + std::string(2, '\0');
    const auto offset = static_cast<uint32_t>(archive.size());
    archive += std::string("PK\x03\x04") + fields + name + content;
    directory += std::string("PK\x01\x02") + std::string(2, '\0') + fields + std::string(10, '\0') +
                 little(offset) + name;
  }
  const auto count = static_cast<uint16_t>(files.size());
  const std::string end = std::string("PK\x05\x06") + std::string(4, '\0') + little(count) +
                          little(count) + little(static_cast<uint32_t>(directory.size())) +
                          little(static_cast<uint32_t>(archive.size())) + std::string(2, '\0');
  return archive + directory + end;
}

// Opcodes.
inline std::string text(const std::string& value) {
  return std::string("X") + little(static_cast<uint32_t>(value.size())) + value;
}
inline std::string integer(int32_t value) { return std::string("J") + little(value); }
inline std::string name(const std::string& module, const std::string& what) {
  return std::string("c") + module + "\n" + what + "\n";
}
inline std::string tuple(const std::vector<int32_t>& values) {
  std::string opcodes = "(";
  for (const int32_t value : values) opcodes += integer(value);
  return opcodes + "t";
}

// A tensor of storage `key`, which is said to have `elements`.
inline std::string tensor(const std::string& key, int32_t elements, int32_t offset,
                          const std::vector<int32_t>& shape, const std::vector<int32_t>& strides) {
  return std::string(name("torch._utils", "_rebuild_tensor_v2")) + "((" + text("storage") +
         name("torch", "FloatStorage") + text(key) + text("cpu") + integer(elements) + "tQ" +
         integer(offset) + tuple(shape) + tuple(strides) + "\x89" +
         name("collections", "OrderedDict") + ")RtR";
}

// A state dict of one item.
inline std::string state_dict(const std::string& key, const std::string& value) {
  return std::string("\x80\x02}") + text(key) + value + "s.";
}

// torch.save's archive of a pickle and the storage '0'.
inline std::string archive_of(const std::string& pickle, const std::string& storage) {
  return zip_of({{"a/data.pkl", pickle}, {"a/data/0", storage}, {"a/version", "3\n"}});
}

}  // namespace tandem::test
