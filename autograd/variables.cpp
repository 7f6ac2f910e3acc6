#include "autograd/variables.h"

#include "core/philox.h"

namespace tandem {

namespace {

// FNV-1a: a name's number in the random counters, the same everywhere.
uint32_t hash(std::string_view name) {
  uint32_t value = 2166136261u;
  for (const char c : name) value = (value ^ static_cast<uint8_t>(c)) * 16777619u;
  return value;
}

}  // namespace

void Variables::add(const Graph& graph) {
  if (trainable_ == nullptr && graph.trainable_elements() > 0) {
    trainable_elements_ = graph.trainable_elements();
    const auto bytes = static_cast<size_t>(trainable_elements_) * sizeof(float);
    memories_.push_back(device_.allocate(bytes, "the trainable parameters"));
    trainable_ = memories_.back().get();
  }
  for (const Variable& variable : graph.variables()) {
    const auto known = entries_.find(variable.name);
    if (known == entries_.end()) {
      declare(variable);
    } else if (known->second.variable.type != variable.type ||
               known->second.variable.offset != variable.offset) {
      fail<ShapeError>("variable '{}': is {} at {} in one graph and {} at {} in another.",
                       variable.name, known->second.variable.type.str(),
                       known->second.variable.offset, variable.type.str(), variable.offset);
    }
  }
}

void Variables::declare(const Variable& variable) {
  Entry entry{variable, {}};
  if (variable.kind == Variable::Kind::trainable) {
    const auto offset = static_cast<size_t>(variable.offset) * sizeof(float);
    entry.range = {trainable_, offset, variable.type.bytes()};
    if (trainable_ == nullptr || offset + variable.type.bytes() > trainable_->bytes()) {
      fail<ShapeError>("variable '{}': the trainable arena was laid out without it.",
                       variable.name);
    }
  } else {
    memories_.push_back(device_.allocate(variable.type.bytes(), variable.name));
    entry.range = {memories_.back().get(), 0, variable.type.bytes()};
  }
  order_.push_back(variable.name);
  entries_.emplace(variable.name, std::move(entry));
}

void Variables::initialize(uint64_t seed) {
  for (const auto& [name, entry] : entries_) fill(entry, seed);
}

void Variables::fill(const Entry& entry, uint64_t seed) {
  if (entry.variable.type.dtype != DType::f32) return;
  const Initializer& start = entry.variable.initializer;
  std::vector<float> values(static_cast<size_t>(entry.variable.type.shape.elements()),
                            static_cast<float>(start.value));
  const auto size = static_cast<float>(start.value);
  Random random(seed, 0, hash(entry.variable.name), RandomUse::initialize);
  if (start.kind == Initializer::Kind::normal) {
    for (float& value : values) value = size * random.normal();
  } else if (start.kind == Initializer::Kind::uniform) {
    for (float& value : values) value = random.uniform(-size, size);
  }
  device_.write(entry.range, values.data());
}

std::vector<std::string> Variables::parameters() const {
  std::vector<std::string> names;
  for (const std::string& name : order_) {
    if (entry(name).variable.kind != Variable::Kind::state) names.push_back(name);
  }
  return names;
}

const Variables::Entry& Variables::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) fail<ShapeError>("variable '{}': there is none.", name);
  return found->second;
}

std::vector<float> Variables::get(const std::string& name) const {
  const Entry& known = entry(name);
  std::vector<float> values(static_cast<size_t>(known.variable.type.shape.elements()));
  device_.read(known.range, values.data());
  return values;
}

void Variables::set(const std::string& name, std::span<const float> values) {
  const Entry& known = entry(name);
  if (values.size_bytes() != known.range.bytes) {
    fail<ShapeError>("variable '{}': {} values given for {}.", name, values.size(),
                     known.variable.type.str());
  }
  device_.write(known.range, values.data());
}

BufferRange Variables::trainable_arena() const {
  return {trainable_, 0, static_cast<size_t>(trainable_elements_) * sizeof(float)};
}

BufferRange Variables::slice(const std::string& state, const std::string& parameter) const {
  BufferRange range = entry(state).range;
  const Variable& variable = entry(parameter).variable;
  if (variable.kind != Variable::Kind::trainable || range.bytes != trainable_arena().bytes) {
    fail<ShapeError>(
        "{} of '{}': {} holds {} bytes; expected a state of one number for each of the {} "
        "trainable elements, and a trainable parameter.",
        state, parameter, state, range.bytes, trainable_elements_);
  }
  range.offset += static_cast<size_t>(variable.offset) * sizeof(float);
  range.bytes = variable.type.bytes();
  return range;
}

std::vector<float> Variables::get_slice(const std::string& state,
                                        const std::string& parameter) const {
  const BufferRange range = slice(state, parameter);
  std::vector<float> values(range.bytes / sizeof(float));
  device_.read(range, values.data());
  return values;
}

void Variables::set_slice(const std::string& state, const std::string& parameter,
                          std::span<const float> values) {
  const BufferRange range = slice(state, parameter);
  if (values.size_bytes() != range.bytes) {
    fail<ShapeError>("{} of '{}': {} values given, {} expected.", state, parameter,
                     values.size(), range.bytes / sizeof(float));
  }
  device_.write(range, values.data());
}

size_t Variables::bytes(Variable::Kind kind) const {
  size_t sum = 0;
  for (const auto& [name, entry] : entries_) {
    if (entry.variable.kind == kind) sum += entry.range.bytes;
  }
  return sum;
}

}  // namespace tandem
