#include "train/hdf5/types.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace tandem {
namespace {

constexpr size_t max_axes = 32;

// An integer without padding bits.
void read_integer(Cursor& at, uint32_t flags, Hdf5Type& type) {
  const uint64_t offset = at.number(2);
  const uint64_t bits = at.number(2);
  const bool sized = type.bytes == 1 || type.bytes == 2 || type.bytes == 4 || type.bytes == 8;
  if (!sized || offset != 0 || bits != 8 * type.bytes) return;
  type.kind = Hdf5Type::Kind::integer;
  type.big_endian = (flags & 1) != 0;
  type.is_signed = (flags & 8) != 0;
}

// A float with its bits where IEEE 754 and bfloat16 have them.
void read_float(Cursor& at, uint32_t flags, Hdf5Type& type) {
  const uint64_t offset = at.number(2);
  const uint64_t bits = at.number(2);
  const uint32_t exponent_at = at.byte(), exponent_bits = at.byte();
  const uint32_t mantissa_at = at.byte(), mantissa_bits = at.byte();
  const uint64_t bias = at.number(4);
  const bool sized = type.bytes == 2 || type.bytes == 4 || type.bytes == 8;
  const uint32_t standard = type.bytes == 2   ? (exponent_bits == 8 ? 8 : 5)
                            : type.bytes == 4 ? 8
                                              : 11;
  const uint32_t sign_at = flags >> 8 & 0xff;
  constexpr uint32_t mantissa_begins_with_1 = 2u << 4;
  if (!sized || offset != 0 || bits != 8 * type.bytes || exponent_bits != standard ||
      mantissa_at != 0 || mantissa_bits != bits - 1 - standard || exponent_at != mantissa_bits ||
      sign_at != bits - 1 || bias != (uint64_t{1} << (standard - 1)) - 1 || (flags & 0x40) != 0 ||
      (flags & 0x30) != mantissa_begins_with_1) {
    return;
  }
  type.kind = Hdf5Type::Kind::floating;
  type.big_endian = (flags & 1) != 0;
  type.exponent_bits = static_cast<int>(exponent_bits);
}

template <class Integer>
float float_of(uint64_t bits, int exponent_bits) {
  constexpr int width = 8 * sizeof(Integer);
  const int mantissa_bits = width - 1 - exponent_bits;
  const uint64_t exponent = bits >> mantissa_bits & ((uint64_t{1} << exponent_bits) - 1);
  const uint64_t mantissa = bits & ((uint64_t{1} << mantissa_bits) - 1);
  const uint64_t highest = (uint64_t{1} << exponent_bits) - 1;
  const int bias = (1 << (exponent_bits - 1)) - 1;
  double value = 0;
  if (exponent == highest) {
    value = mantissa == 0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(static_cast<double>(mantissa), 1 - bias - mantissa_bits);
  } else {
    value = std::ldexp(static_cast<double>(mantissa | uint64_t{1} << mantissa_bits),
                       static_cast<int>(exponent) - bias - mantissa_bits);
  }
  return static_cast<float>((bits >> (width - 1) & 1) != 0 ? -value : value);
}

float float_of(uint64_t bits, const Hdf5Type& type) {
  if (type.bytes == 4) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  if (type.bytes == 2 && type.exponent_bits == 8) {
    return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
  }
  if (type.bytes == 2) return float_of<uint16_t>(bits, 5);
  // Out of a float's range by more than the conversion may be given.
  const double value = std::bit_cast<double>(bits);
  constexpr double largest = 3.4028235677973366e38;  // what rounds to infinity
  if (std::abs(value) >= largest) return static_cast<float>(std::copysign(HUGE_VAL, value));
  return static_cast<float>(value);
}

uint64_t bits_of(const Hdf5Type& type, const std::byte* from) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < type.bytes; ++i) {
    const std::byte next = from[type.big_endian ? i : type.bytes - 1 - i];
    bits = bits << 8 | std::to_integer<uint64_t>(next);
  }
  return bits;
}

}  // namespace

std::optional<uint64_t> Hdf5Shape::elements(uint64_t limit) const {
  if (empty) return 0;
  uint64_t count = 1;
  for (const uint64_t length : lengths) {
    if (length == 0) return 0;
    if (length > limit / count) return std::nullopt;
    count *= length;
  }
  return count <= limit ? std::optional(count) : std::nullopt;
}

Hdf5Type read_type(const Hdf5Source& source, std::span<const std::byte> message) {
  Cursor at(source, message, "an element type");
  const uint8_t kind = at.byte() & 0x0f;  // the upper half is a version; these are alike in all
  const auto flags = static_cast<uint32_t>(at.number(3));
  Hdf5Type type;
  type.bytes = static_cast<uint32_t>(at.number(4));
  if (type.bytes == 0) at.damaged();
  if (kind == 0) read_integer(at, flags, type);
  if (kind == 1) read_float(at, flags, type);
  if (kind == 3) {
    type.kind = Hdf5Type::Kind::text;
    type.padded_by_spaces = (flags & 0x0f) == 2;
  }
  constexpr uint32_t sequence_of_text = 1;
  if (kind == 9 && (flags & 0x0f) == sequence_of_text && type.bytes == 8 + source.address_bytes()) {
    type.kind = Hdf5Type::Kind::text_reference;
  }
  return type;
}

Hdf5Shape read_shape(const Hdf5Source& source, std::span<const std::byte> message) {
  Cursor at(source, message, "a shape");
  const uint8_t version = at.byte();
  if (version != 1 && version != 2) source.refuse("has a shape of an unknown version");
  const size_t axes = at.byte();
  const uint8_t flags = at.byte();
  if (axes > max_axes) at.damaged();
  Hdf5Shape shape;
  if (version == 1) at.skip(5);
  if (version == 2) {
    const uint8_t kind = at.byte();
    if (kind > 2 || (kind != 1 && axes > 0)) at.damaged();
    shape.empty = kind == 2;
  }
  for (size_t i = 0; i < axes; ++i) shape.lengths.push_back(at.length());
  shape.most = shape.lengths;
  if ((flags & 1) == 0) return shape;
  const uint64_t all_ones = source.length_bytes() == 8
                                ? Hdf5Source::undefined
                                : (uint64_t{1} << 8 * source.length_bytes()) - 1;
  for (size_t i = 0; i < axes; ++i) {
    const uint64_t most = at.length();
    shape.most[i] = most == all_ones ? Hdf5Source::undefined : most;
    if (shape.most[i] < shape.lengths[i]) at.damaged();
  }
  return shape;
}

void to_floats(const Hdf5Source& source, const Hdf5Type& type, std::span<const std::byte> bytes,
               std::span<float> values) {
  if (type.kind != Hdf5Type::Kind::floating || bytes.size() != values.size() * type.bytes) {
    source.damaged("values are no floats");
  }
  if (type.bytes == 4 && !type.big_endian && std::endian::native == std::endian::little) {
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = float_of(bits_of(type, bytes.data() + i * type.bytes), type);
  }
}

void to_integers(const Hdf5Source& source, const Hdf5Type& type, std::span<const std::byte> bytes,
                 std::span<int64_t> values) {
  if (type.kind != Hdf5Type::Kind::integer || bytes.size() != values.size() * type.bytes) {
    source.damaged("values are no integers");
  }
  const int unused = 64 - 8 * static_cast<int>(type.bytes);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t bits = bits_of(type, bytes.data() + i * type.bytes);
    if (!type.is_signed && bits > INT64_MAX) source.damaged("an integer is out of range");
    values[i] = type.is_signed ? static_cast<int64_t>(bits << unused) >> unused
                               : static_cast<int64_t>(bits);
  }
}

}  // namespace tandem
