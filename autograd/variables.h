// Variables of one device, shared by the programs that use them: trainable parameters in one flat
// arena, frozen ones and other state each by itself.
#pragma once

#include "autograd/graph.h"

#include <map>
#include <memory>

namespace tandem {

class Variables {
 public:
  // The device must outlive this.
  explicit Variables(Device& device) : device_(device) {}

  Device& device() const { return device_; }

  // Makes room for the graph's variables. The first graph lays out the trainable arena;
  // a later one may use the same variables and bring new state. Trainable ones must lie at
  // the same offsets. Throws ShapeError, DeviceError.
  void add(const Graph& graph);

  // Sets every parameter by its initializer; numbers depend on the seed and the name alone.
  void initialize(uint64_t seed);

  bool contains(const std::string& name) const { return entries_.contains(name); }
  const Variable& variable(const std::string& name) const { return entry(name).variable; }

  // Names of the parameters (trainable and frozen), in order of declaration.
  std::vector<std::string> parameters() const;

  // Values to and from the host; waits for the device. f32 variables only. Throws ShapeError for
  // an unknown name or another number of elements.
  std::vector<float> get(const std::string& name) const;
  void set(const std::string& name, std::span<const float> values);

  const BufferRange& range(const std::string& name) const { return entry(name).range; }
  BufferRange trainable_arena() const;
  int64_t trainable_elements() const { return trainable_elements_; }

  // Reads part of a flat state tensor that is laid out as the trainable arena (an optimizer's
  // moments) for one parameter, and writes it.
  std::vector<float> get_slice(const std::string& state, const std::string& parameter) const;
  void set_slice(const std::string& state, const std::string& parameter,
                 std::span<const float> values);

  // Bytes held on the device, by kind.
  size_t bytes(Variable::Kind kind) const;

 private:
  struct Entry {
    Variable variable;
    BufferRange range;
  };

  const Entry& entry(const std::string& name) const;
  void declare(const Variable& variable);
  BufferRange slice(const std::string& state, const std::string& parameter) const;
  void fill(const Entry& entry, uint64_t seed);

  Device& device_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> order_;  // of declaration
  std::vector<std::unique_ptr<Memory>> memories_;
  Memory* trainable_ = nullptr;
  int64_t trainable_elements_ = 0;
};

}  // namespace tandem
