#include "train/weights/pickle.h"

#include "core/error.h"
#include "train/weights/pickle_machine.h"
#include "train/weights/zip.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tandem {
namespace {

// Far more than the state dicts of the largest models have (about 12 a tensor).
constexpr size_t most_values = 2'000'000;

constexpr uint8_t stop = '.', protocol = 0x80, frame = 0x95;

PickleValue of(PickleValue::Kind kind, int64_t integer = 0) {
  return {.kind = kind, .integer = integer};
}

}  // namespace

Pickle::Pickle(const std::string& source, std::span<const std::byte> bytes) {
  PickleMachine(source, bytes, *this).run();
}

const PickleValue* Pickle::find(const PickleValue& dict, std::string_view key) const {
  for (size_t i = dict.items.size(); i >= 2; i -= 2) {
    const PickleValue& candidate = at(dict.items[i - 2]);
    if (candidate.kind == Kind::text && candidate.text == key) return &at(dict.items[i - 1]);
  }
  return nullptr;
}

void PickleMachine::run() {
  while (true) {
    const auto opcode = number<uint8_t>();
    if (opcode == stop) break;
    if (opcode == protocol) {
      const auto version = number<uint8_t>();
      if (version < 2 || version > 5) damaged(fmt::format("protocol {}", version));
    } else if (opcode == frame) {
      take(8);
    } else if (!push_constant(opcode) && !push_text(opcode) && !make_tuple(opcode) &&
               !fill_container(opcode) && !use_memo(opcode) && !use_name(opcode)) {
      damaged(fmt::format("opcode 0x{:02x}", opcode));
    }
  }
  root_ = pop();
}

void PickleMachine::damaged(std::string_view why) const {
  fail<CheckpointError>("{}: its pickle has {}, which a whole state dict has not; is it damaged?",
                        source_, why);
}

std::span<const std::byte> PickleMachine::take(uint64_t count) {
  if (count > bytes_.size()) damaged("an end that comes too early");
  const auto taken = bytes_.first(count);
  bytes_ = bytes_.subspan(count);
  return taken;
}

template <class Number>
Number PickleMachine::number() {
  Number value;
  std::memcpy(&value, take(sizeof value).data(), sizeof value);
  return value;
}

std::string PickleMachine::line() {
  const auto end = std::find(bytes_.begin(), bytes_.end(), std::byte{'\n'});
  const auto taken = take(static_cast<uint64_t>(end - bytes_.begin()));
  take(1);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

int32_t PickleMachine::add(PickleValue value) {
  if (values_.size() >= most_values) damaged(fmt::format("more than {} values", most_values));
  values_.push_back(std::move(value));
  return static_cast<int32_t>(values_.size() - 1);
}

int32_t PickleMachine::top() const {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) damaged("an opcode that finds nothing to work on");
  return stack_.back();
}

int32_t PickleMachine::pop() {
  const int32_t id = top();
  stack_.pop_back();
  return id;
}

std::vector<int32_t> PickleMachine::pop_to_mark() {
  if (marks_.empty()) damaged("an opcode that finds no mark");
  const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<int32_t> items(from, stack_.end());
  stack_.erase(from, stack_.end());
  marks_.pop_back();
  return items;
}

std::vector<int32_t> PickleMachine::pop_count(size_t count) {
  std::vector<int32_t> items(count);
  for (size_t i = count; i > 0; --i) items[i - 1] = pop();
  return items;
}

bool PickleMachine::push_constant(uint8_t opcode) {
  switch (opcode) {
    case 'N':
      push(of(Kind::none));
      return true;
    case 0x88:
      push(of(Kind::boolean, 1));
      return true;
    case 0x89:
      push(of(Kind::boolean, 0));
      return true;
    case 'K':
      push(of(Kind::integer, number<uint8_t>()));
      return true;
    case 'M':
      push(of(Kind::integer, number<uint16_t>()));
      return true;
    case 'J':
      push(of(Kind::integer, number<int32_t>()));
      return true;
    case 0x8a: {  // LONG1: little-endian, two's complement
      const auto bytes = take(number<uint8_t>());
      if (bytes.size() > 8) damaged("an integer of more than 64 bits");
      uint64_t bits = 0;
      for (size_t i = 0; i < bytes.size(); ++i) bits |= static_cast<uint64_t>(bytes[i]) << (8 * i);
      const int unused = 64 - 8 * static_cast<int>(bytes.size());
      const int64_t value = unused == 64 ? 0 : static_cast<int64_t>(bits << unused) >> unused;
      push(of(Kind::integer, value));
      return true;
    }
    case 'G': {  // big-endian
      uint64_t bits = 0;
      for (const std::byte byte : take(8)) bits = bits << 8 | static_cast<uint64_t>(byte);
      push({.kind = Kind::real, .real = std::bit_cast<double>(bits)});
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::push_text(uint8_t opcode) {
  uint64_t length = 0;
  switch (opcode) {
    case 'X':  // BINUNICODE
    case 'B':  // BINBYTES
    case 'T':  // BINSTRING
      length = number<uint32_t>();
      break;
    case 0x8c:  // SHORT_BINUNICODE
    case 'C':   // SHORT_BINBYTES
    case 'U':   // SHORT_BINSTRING
      length = number<uint8_t>();
      break;
    case 0x8d:  // BINUNICODE8
      length = number<uint64_t>();
      break;
    default:
      return false;
  }
  const auto bytes = take(length);
  push({.kind = Kind::text, .text = {reinterpret_cast<const char*>(bytes.data()), bytes.size()}});
  return true;
}

bool PickleMachine::make_tuple(uint8_t opcode) {
  PickleValue tuple{.kind = Kind::tuple};
  switch (opcode) {
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case ')':
      break;
    case 0x85:
    case 0x86:
    case 0x87:
      tuple.items = pop_count(opcode - 0x84u);
      break;
    case 't':
      tuple.items = pop_to_mark();
      break;
    default:
      return false;
  }
  push(std::move(tuple));
  return true;
}

bool PickleMachine::fill_container(uint8_t opcode) {
  switch (opcode) {
    case ']':
      push(of(Kind::list));
      return true;
    case '}':
      push(of(Kind::dict));
      return true;
    case 'a':
    case 'e': {
      const auto items = opcode == 'a' ? pop_count(1) : pop_to_mark();
      append(top(), items);
      return true;
    }
    case 's':
    case 'u': {
      const auto items = opcode == 's' ? pop_count(2) : pop_to_mark();
      set_items(top(), items);
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::use_memo(uint8_t opcode) {
  const auto get = [&](uint32_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) damaged("a reference to nothing");
    stack_.push_back(found->second);
  };
  switch (opcode) {
    case 'q':
      memo_[number<uint8_t>()] = top();
      return true;
    case 'r':
      memo_[number<uint32_t>()] = top();
      return true;
    case 0x94:
      memo_[static_cast<uint32_t>(memo_.size())] = top();
      return true;
    case 'h':
      get(number<uint8_t>());
      return true;
    case 'j':
      get(number<uint32_t>());
      return true;
    default:
      return false;
  }
}

void PickleMachine::append(int32_t list, const std::vector<int32_t>& items) {
  PickleValue& value = at(list);
  if (value.kind != Kind::list) damaged("items for what is no list");
  value.items.insert(value.items.end(), items.begin(), items.end());
}

void PickleMachine::set_items(int32_t dict, const std::vector<int32_t>& items) {
  PickleValue& value = at(dict);
  if (value.kind != Kind::dict || items.size() % 2 != 0) damaged("items for what is no dict");
  value.items.insert(value.items.end(), items.begin(), items.end());
}

}  // namespace tandem
