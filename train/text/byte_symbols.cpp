#include "train/text/byte_symbols.h"

#include "core/error.h"
#include "train/text/clean.h"
#include "train/text/utf8.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace tandem {
namespace {

bool is_printable(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

std::array<std::string, kByteCount> make_symbols() {
  std::array<std::string, kByteCount> symbols;
  uint32_t next = kByteCount;
  for (int byte = 0; byte < kByteCount; ++byte)
    append_utf8(is_printable(byte) ? static_cast<uint32_t>(byte) : next++, symbols[byte]);
  return symbols;
}

const std::array<std::string, kByteCount>& symbols() {
  static const auto all = make_symbols();
  return all;
}

std::unordered_map<uint32_t, char> make_bytes() {
  std::unordered_map<uint32_t, char> bytes;
  for (int byte = 0; byte < kByteCount; ++byte) {
    size_t at = 0;
    bytes[next_utf8(symbols()[byte], at)] = static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

const std::array<uint8_t, kByteCount>& bytes_in_id_order() {
  static const auto order = [] {
    std::array<uint8_t, kByteCount> bytes;
    std::iota(bytes.begin(), bytes.end(), uint8_t{0});
    std::stable_partition(bytes.begin(), bytes.end(), is_printable);
    return bytes;
  }();
  return order;
}

const std::string& symbol_of_byte(uint8_t byte) { return symbols()[byte]; }

std::string bytes_of_symbol(std::string_view symbol) {
  static const auto byte_of = make_bytes();
  const bool ends_word = symbol.ends_with(kWordEnd);
  const auto text = valid_utf8(symbol.substr(0, symbol.size() - (ends_word ? 4 : 0)));
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const auto found = byte_of.find(next_utf8(text, at));
    if (found == byte_of.end())
      fail<DataError>("tokenizer: symbol '{}' holds a character that stands for no byte.", text);
    bytes += found->second;
  }
  return ends_word ? bytes + ' ' : bytes;
}

}  // namespace tandem
