#include "autograd/op.h"

#include <algorithm>
#include <deque>
#include <stdexcept>

namespace tandem {

const Attributes::Value& Attributes::find(std::string_view name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  throw std::logic_error(fmt::format("op has no attribute '{}'", name));
}

int64_t Attributes::integer(std::string_view name) const {
  return std::get<int64_t>(find(name));
}

double Attributes::number(std::string_view name) const { return std::get<double>(find(name)); }

const std::vector<int64_t>& Attributes::integers(std::string_view name) const {
  return std::get<std::vector<int64_t>>(find(name));
}

namespace {

std::deque<Op>& registry() {
  static std::deque<Op> ops;
  return ops;
}

}  // namespace

const Op& register_op(Op op) { return registry().emplace_back(std::move(op)); }

std::vector<const Op*> registered_ops() {
  std::vector<const Op*> ops;
  for (const Op& op : registry()) ops.push_back(&op);
  std::sort(ops.begin(), ops.end(), [](const Op* a, const Op* b) { return a->name < b->name; });
  return ops;
}

}  // namespace tandem
