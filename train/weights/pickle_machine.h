// The stack machine of a pickle: one opcode after the other (Python's pickletools.py says what
// each does).
#pragma once

#include "train/weights/pickle.h"

#include <unordered_map>

namespace tandem {

class PickleMachine {
 public:
  PickleMachine(const std::string& source, std::span<const std::byte> bytes, Pickle& pickle)
      : source_(source), bytes_(bytes), values_(pickle.values_), root_(pickle.root_) {}

  void run();

 private:
  using Kind = PickleValue::Kind;

  // Each returns false if the opcode is not of its group.
  bool push_constant(uint8_t opcode);
  bool push_text(uint8_t opcode);
  bool make_tuple(uint8_t opcode);
  bool fill_container(uint8_t opcode);
  bool use_memo(uint8_t opcode);
  bool use_name(uint8_t opcode);

  [[noreturn]] void damaged(std::string_view why) const;

  std::span<const std::byte> take(uint64_t count);
  template <class Number>
  Number number();
  std::string line();

  int32_t add(PickleValue value);
  void push(PickleValue value) { stack_.push_back(add(std::move(value))); }
  int32_t pop();
  int32_t top() const;
  PickleValue& at(int32_t id) { return values_[static_cast<size_t>(id)]; }
  std::vector<int32_t> pop_to_mark();
  std::vector<int32_t> pop_count(size_t count);

  void append(int32_t list, const std::vector<int32_t>& items);
  void set_items(int32_t dict, const std::vector<int32_t>& items);
  void push_name(const std::string& module, const std::string& name);
  void call(int32_t function, int32_t arguments);
  void call_rebuild_tensor(const std::vector<int32_t>& arguments);
  void make_object(int32_t type, int32_t arguments);
  void build(int32_t object, int32_t state);
  void push_storage(int32_t id);

  const std::string& source_;
  std::span<const std::byte> bytes_;
  std::vector<PickleValue>& values_;
  int32_t& root_;
  std::vector<int32_t> stack_;
  std::vector<size_t> marks_;  // heights of the stack
  std::unordered_map<uint32_t, int32_t> memo_;
  size_t bytes_of_names_ = 0;
};

}  // namespace tandem
