#include "train/text/sentence_piece_check.h"

#include "core/error.h"

#include <cstdint>
#include <cstring>

namespace tandem {
namespace {

// Fields of ModelProto, SentencePiece and NormalizerSpec (sentencepiece_model.proto).
constexpr uint64_t kPiece = 1, kNormalizer = 3, kDenormalizer = 5;
constexpr uint64_t kText = 1;
constexpr uint64_t kCharacterMap = 2;

// Of a piece; trained ones have 64 at most. The library needs stack for each.
constexpr size_t kMostPieceBytes = 4096;

[[noreturn]] void damaged() {
  fail<DataError>("tokenizer: the SentencePiece model is damaged or cut off.");
}

uint64_t next_number(std::string_view bytes, size_t& at) {
  uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at >= bytes.size()) damaged();
    const auto byte = static_cast<uint8_t>(bytes[at++]);
    number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return number;
  }
  damaged();
}

// Calls visit(field, bytes) for the fields of a message that hold bytes.
template <class Visit>
void for_each_bytes_field(std::string_view message, Visit visit) {
  for (size_t at = 0; at < message.size();) {
    const uint64_t tag = next_number(message, at);
    uint64_t size = 0;
    switch (tag & 7) {
      case 0:
        next_number(message, at);
        break;
      case 1:
        size = 8;
        break;
      case 2:
        size = next_number(message, at);
        break;
      case 5:
        size = 4;
        break;
      default:
        damaged();  // groups, which no model has
    }
    if (size > message.size() - at) damaged();
    if ((tag & 7) == 2) visit(tag >> 3, message.substr(at, size));
    at += size;
  }
}

uint32_t number_at(std::string_view bytes, size_t index) {
  uint32_t number;
  std::memcpy(&number, bytes.data() + 4 * index, 4);
  return number;
}

// A double array (Aoe 1989) as Darts-clone has it: unit i leads to the units (i ^ offset) ^ byte,
// and to a value at i ^ offset, which is where a text starts in `texts`, each ended by a zero.
void check_trie(std::string_view units, std::string_view texts) {
  constexpr uint32_t kIsValue = 1u << 31, kHasValue = 1u << 8, kLongOffset = 1u << 9;
  const size_t count = units.size() / 4;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t unit = number_at(units, i);
    if ((unit & kIsValue) != 0) continue;
    const uint32_t offset = (unit >> 10) << ((unit & kLongOffset) >> 6);
    const size_t next = i ^ offset;
    if ((next | 0xff) >= count) damaged();
    if ((unit & kHasValue) != 0 && (number_at(units, next) & ~kIsValue) >= texts.size()) damaged();
  }
}

void check_map(std::string_view map) {
  if (map.empty()) return;
  if (map.size() < 4) damaged();
  const size_t size = number_at(map, 0);
  map.remove_prefix(4);
  if (size == 0 || size % 4 != 0 || size >= map.size() || map.back() != '\0') damaged();
  check_trie(map.substr(0, size), map.substr(size));
}

void check_piece(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) damaged();
  if (text.size() <= kMostPieceBytes) return;
  fail<DataError>("tokenizer: the SentencePiece model has a piece of {} bytes; up to {} are read.",
                  text.size(), kMostPieceBytes);
}

}  // namespace

void check_sentence_piece_model(std::string_view model) {
  for_each_bytes_field(model, [](uint64_t field, std::string_view part) {
    const bool piece = field == kPiece;
    if (!piece && field != kNormalizer && field != kDenormalizer) return;
    for_each_bytes_field(part, [piece](uint64_t inner, std::string_view bytes) {
      if (piece && inner == kText) check_piece(bytes);
      if (!piece && inner == kCharacterMap) check_map(bytes);
    });
  });
}

}  // namespace tandem
