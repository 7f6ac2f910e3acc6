// Reads the subset of Python's pickles (protocols 2 to 5, PEP 307, 3154, 574) that PyTorch's state
// dicts and TorchScript archives use. A pickle is a program that can call any Python function; here
// nothing is called: the few functions that state dicts name are known as data, and any other is
// refused by its name.
//
// Memory is bounded by the pickle's length, and time by it too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

struct PickleValue {
  enum class Kind {
    none,
    boolean,  // integer: 0 or 1
    integer,
    real,
    text,     // text; also bytes
    tuple,    // items
    list,     // items
    dict,     // items: key, value, key, value, ...; keys are not made unique
    name,     // text: "module.name" of a class or function that is known
    storage,  // items: as in its persistent id, 'storage', class, key, device, elements
    tensor,   // items: storage, offset, shape, strides
    object,   // a TorchScript module; items: the dict of its attributes, if it has been set
  };
  Kind kind = Kind::none;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<int32_t> items;  // of Pickle::at
};

class Pickle {
 public:
  using Kind = PickleValue::Kind;

  // Throws CheckpointError that starts with `source`: for what a state dict does not use, by name,
  // and for what is damaged.
  Pickle(const std::string& source, std::span<const std::byte> bytes);

  const PickleValue& at(int32_t id) const { return values_[static_cast<size_t>(id)]; }
  const PickleValue& root() const { return at(root_); }

  // The value of a text key in a dict; null if it has none. The last one counts.
  const PickleValue* find(const PickleValue& dict, std::string_view key) const;

 private:
  friend class PickleMachine;

  std::vector<PickleValue> values_;
  int32_t root_ = 0;
};

}  // namespace tandem
