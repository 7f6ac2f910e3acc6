// What a pickle may name, and what naming it means.
#include "core/error.h"
#include "core/shape.h"
#include "train/weights/pickle_machine.h"
#include "train/weights/zip.h"

#include <algorithm>
#include <array>

namespace tandem {
namespace {

constexpr std::string_view script_module = "__torch__.";  // classes of a TorchScript archive

constexpr size_t most_arguments = 8;

// Of a name, and of all names together: a few bytes name texts of any length again.
constexpr size_t most_name_bytes = 1024;
constexpr size_t most_bytes_of_names = size_t{64} << 20;

constexpr std::array<std::string_view, 10> known_functions{
    "collections.OrderedDict",
    "torch.Size",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch.jit._pickle.build_intlist",
    "torch.jit._pickle.build_doublelist",
    "torch.jit._pickle.build_boollist",
    "torch.jit._pickle.build_tensorlist",
    "torch.jit._pickle.restore_type_tag",
    "torch.device",
};

constexpr std::array<std::string_view, 10> known_storages{
    "torch.DoubleStorage", "torch.FloatStorage", "torch.HalfStorage",  "torch.BFloat16Storage",
    "torch.LongStorage",   "torch.IntStorage",   "torch.ShortStorage", "torch.CharStorage",
    "torch.ByteStorage",   "torch.BoolStorage",
};

bool known(std::string_view name) {
  return name.starts_with(script_module) ||
         std::ranges::find(known_functions, name) != known_functions.end() ||
         std::ranges::find(known_storages, name) != known_storages.end();
}

}  // namespace

bool PickleMachine::use_name(uint8_t opcode) {
  switch (opcode) {
    case 'c': {  // GLOBAL
      const std::string module = line();
      push_name(module, line());
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      const auto both = pop_count(2);
      if (at(both[0]).kind != Kind::text || at(both[1]).kind != Kind::text) {
        damaged("a name that is no text");
      }
      push_name(at(both[0]).text, at(both[1]).text);
      return true;
    }
    case 'R':
    case 0x81:
    case 'b': {
      const auto both = pop_count(2);
      if (opcode == 'R') call(both[0], both[1]);
      if (opcode == 0x81) make_object(both[0], both[1]);
      if (opcode == 'b') build(both[0], both[1]);
      return true;
    }
    case 'Q':
      push_storage(pop());
      return true;
    default:
      return false;
  }
}

void PickleMachine::push_name(const std::string& module, const std::string& name) {
  const size_t bytes = module.size() + name.size();
  if (bytes > most_name_bytes) damaged(fmt::format("a name of {} bytes", bytes));
  bytes_of_names_ += bytes;
  if (bytes_of_names_ > most_bytes_of_names) {
    damaged(fmt::format("names of more than {} bytes", most_bytes_of_names));
  }
  std::string full = module + "." + name;
  if (!known(full)) {
    fail<CheckpointError>(
        "{}: its pickle names '{}', which is not part of a state dict and could run code, so it "
        "was not read; save the state dict alone: torch.save(model.state_dict(), path).",
        source_, printable(full));
  }
  push({.kind = Kind::name, .text = std::move(full)});
}

void PickleMachine::call(int32_t function, int32_t arguments) {
  const PickleValue& named = at(function);
  if (named.kind != Kind::name || at(arguments).kind != Kind::tuple) {
    damaged("a call of what is no function");
  }
  const std::string& name = named.text;
  // A copy, as adding values moves them; a large one would make time quadratic.
  const size_t count = std::min<size_t>(at(arguments).items.size(), most_arguments);
  const auto first = at(arguments).items.begin();
  const std::vector<int32_t> items(first, first + static_cast<std::ptrdiff_t>(count));
  if (name == "torch._utils._rebuild_tensor_v2") {
    call_rebuild_tensor(items);
  } else if (name == "torch._utils._rebuild_parameter" && items.size() == 3 &&
             at(items[0]).kind == Kind::tensor) {
    stack_.push_back(items[0]);
  } else if (name == "collections.OrderedDict" && items.empty()) {
    push({.kind = Kind::dict});
  } else if ((name == "torch.Size" || name.starts_with("torch.jit._pickle.")) && !items.empty()) {
    stack_.push_back(items[0]);  // the list or value itself
  } else if (name == "torch.device" && !items.empty()) {
    stack_.push_back(items[0]);
  } else {
    fail<CheckpointError>(
        "{}: its pickle calls '{}' with {} arguments, which a state dict does "
        "not do; save the state dict alone.",
        source_, printable(name), items.size());
  }
}

// (storage, offset, shape, strides, requires_grad, hooks[, metadata])
void PickleMachine::call_rebuild_tensor(const std::vector<int32_t>& arguments) {
  const auto integers = [&](int32_t id) {
    return at(id).kind == Kind::tuple && at(id).items.size() <= Shape::max_rank &&
           std::ranges::all_of(at(id).items,
                               [&](int32_t item) { return at(item).kind == Kind::integer; });
  };
  if (arguments.size() < 6 || arguments.size() > 7 || at(arguments[0]).kind != Kind::storage ||
      at(arguments[1]).kind != Kind::integer || !integers(arguments[2]) ||
      !integers(arguments[3]) || at(arguments[2]).items.size() != at(arguments[3]).items.size()) {
    damaged(fmt::format("a tensor without storage, offset, shape and strides of up to {} axes",
                        Shape::max_rank));
  }
  push({.kind = Kind::tensor, .items = {arguments.begin(), arguments.begin() + 4}});
}

void PickleMachine::make_object(int32_t type, int32_t arguments) {
  const PickleValue& named = at(type);
  const bool fits = named.kind == Kind::name && named.text.starts_with(script_module) &&
                    at(arguments).kind == Kind::tuple && at(arguments).items.empty();
  if (!fits) damaged("an object that is no TorchScript module");
  push({.kind = Kind::object});
}

void PickleMachine::build(int32_t object, int32_t state) {
  // What a state dict carries beside its items, `_metadata`, has no weights in it.
  if (at(object).kind == Kind::object) {
    if (at(state).kind != Kind::dict) damaged("a module whose state is no dict");
    at(object).items = {state};
  } else if (at(object).kind != Kind::dict) {
    damaged("a state for what has none");
  }
  stack_.push_back(object);
}

// ('storage', class, key, device, elements)
void PickleMachine::push_storage(int32_t id) {
  std::vector<int32_t> items;
  if (at(id).kind == Kind::tuple && at(id).items.size() <= most_arguments) items = at(id).items;
  const bool fits = items.size() >= 5 && at(items[0]).text == "storage" &&
                    at(items[1]).kind == Kind::name && at(items[1]).text.ends_with("Storage") &&
                    at(items[2]).kind == Kind::text && at(items[4]).kind == Kind::integer;
  if (!fits) damaged("a storage without class, key and size");
  push({.kind = Kind::storage, .items = items});
}

}  // namespace tandem
