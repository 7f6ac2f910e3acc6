// Protocol Buffers' wire format, as far as TensorBoard's events need it:
// protobuf.dev/programming-guides/encoding. A message is the concatenation of its fields.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace tandem {

class ProtobufMessage {
 public:
  // int32, int64, uint64, bool and enum fields.
  ProtobufMessage& integer(uint32_t field, int64_t value) {
    tag(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  ProtobufMessage& real(uint32_t field, double value) {
    tag(field, 1);
    fixed(std::bit_cast<uint64_t>(value), 8);
    return *this;
  }
  ProtobufMessage& real(uint32_t field, float value) {
    tag(field, 5);
    fixed(std::bit_cast<uint32_t>(value), 4);
    return *this;
  }
  // string and bytes fields.
  ProtobufMessage& bytes(uint32_t field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    encoded_ += value;
    return *this;
  }
  ProtobufMessage& message(uint32_t field, const ProtobufMessage& value) {
    return bytes(field, value.encoded_);
  }

  const std::string& encoded() const { return encoded_; }

 private:
  void tag(uint32_t field, uint32_t wire_type) { varint(field << 3 | wire_type); }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) encoded_ += static_cast<char>(value | 0x80);
    encoded_ += static_cast<char>(value);
  }
  void fixed(uint64_t value, int count) {  // little endian
    for (int i = 0; i < count; ++i) encoded_ += static_cast<char>(value >> (8 * i));
  }

  std::string encoded_;
};

}  // namespace tandem
