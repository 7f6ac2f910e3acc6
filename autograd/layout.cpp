// Where values lie: see place_values in autograd/plan.h.
#include "autograd/plan.h"

#include <algorithm>
#include <tuple>

namespace tandem {

namespace {

constexpr size_t alignment = 256;

size_t aligned(size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

class Placer {
 public:
  Placer(Plan& plan, const DeviceInfo& device) : plan_(plan), device_(device) {}

  void run() {
    find_spans();
    resolve_views();
    place_packs();
    for (size_t i = 0; i < plan_.nodes.size(); ++i) place_node(static_cast<int>(i));
    for (const int fetch : plan_.fetches) place_source(root(fetch));
    extend_spans();
  }

 private:
  Value& value(int id) { return plan_.values[static_cast<size_t>(id)]; }
  Place& place(int id) { return plan_.places[static_cast<size_t>(id)]; }
  int root(int id) const { return plan_.roots[static_cast<size_t>(id)]; }
  Storage& storage(int index) { return plan_.storages[static_cast<size_t>(index)]; }

  // First definition and last use of each value, as node indices.
  void find_spans() {
    const size_t count = plan_.values.size();
    plan_.places.assign(count, {});
    plan_.scratch.assign(plan_.nodes.size(), -1);
    first_.assign(count, -1);
    last_.assign(count, -2);
    for (size_t i = 0; i < plan_.nodes.size(); ++i) {
      const int index = static_cast<int>(i);
      for (const int input : plan_.nodes[i].inputs) {
        if (input >= 0) last_[static_cast<size_t>(input)] = index;
      }
      for (const int output : plan_.nodes[i].outputs) {
        first_[static_cast<size_t>(output)] = last_[static_cast<size_t>(output)] = index;
      }
    }
    for (const int fetch : plan_.fetches) {
      last_[static_cast<size_t>(fetch)] = static_cast<int>(plan_.nodes.size());
    }
  }

  // roots[v]: the value whose bytes v shows; spans of views count for their root.
  void resolve_views() {
    plan_.roots.resize(plan_.values.size());
    for (size_t i = 0; i < plan_.roots.size(); ++i) plan_.roots[i] = static_cast<int>(i);
    for (const Node& node : plan_.nodes) {
      if (!node.op->view) continue;
      const int source = root(node.inputs[0]);
      plan_.roots[static_cast<size_t>(node.outputs[0])] = source;
      int& last = last_[static_cast<size_t>(source)];
      last = std::max(last, last_[static_cast<size_t>(node.outputs[0])]);
    }
  }

  bool transient(int id) { return value(id).source == Value::Source::none; }

  // A pack's inputs are made right in its storage where each is transient and in no other pack;
  // others are copied there.
  void place_packs() {
    for (size_t n = 0; n < plan_.nodes.size(); ++n) {
      const Node& node = plan_.nodes[n];
      if (!node.op->packs) continue;
      const int output = node.outputs[0];
      const int home = new_storage(output, value(output).type.bytes());
      place(output) = {home, 0};
      for (size_t i = 0; i < node.inputs.size(); ++i) {
        pack_input(node, static_cast<int>(n), i, storage(home));
      }
    }
  }

  void pack_input(const Node& node, int index, size_t i, Storage& home) {
    const int source = root(node.inputs[i]);
    const auto element = static_cast<size_t>(node.attributes.integers("offsets")[i]);
    StoragePart part{.offset = element * size_of(value(source).type.dtype),
                     .bytes = value(source).type.bytes(),
                     .first = index,
                     .last = last_[static_cast<size_t>(node.outputs[0])]};
    if (transient(source) && place(source).storage < 0) {
      place(source) = {place(node.outputs[0]).storage, part.offset};
      part.first = first_[static_cast<size_t>(source)];
      part.last = std::max(part.last, last_[static_cast<size_t>(source)]);
    }
    home.first = std::min(home.first, part.first);
    home.last = std::max(home.last, part.last);
    home.packed.push_back(part);
  }

  int new_storage(int id, size_t bytes) {
    Storage fresh;
    fresh.bytes = aligned(bytes);
    fresh.first = first_[static_cast<size_t>(id)];
    fresh.last = last_[static_cast<size_t>(id)];
    fresh.value = id;
    plan_.storages.push_back(fresh);
    return static_cast<int>(plan_.storages.size()) - 1;
  }

  void place_node(int index) {
    const Node& node = plan_.nodes[static_cast<size_t>(index)];
    for (const int input : node.inputs) {
      if (input >= 0) place_source(root(input));
    }
    if (node.op->view) return;
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const int output = node.outputs[i];
      if (place(output).storage >= 0) continue;
      const int taken = i == 0 ? dying_input(node, index) : -1;
      place(output) = {taken >= 0 ? taken : new_storage(output, value(output).type.bytes()), 0};
      Storage& home = storage(place(output).storage);
      home.last = std::max(home.last, last_[static_cast<size_t>(output)]);
      if (home.packed.empty()) continue;
      home.packed.push_back({.offset = 0, .bytes = home.bytes, .first = index, .last = home.last});
    }
    place_scratch(node, index);
  }

  // Inputs of the program lie in the arena from before the first node to their last use.
  void place_source(int id) {
    if (value(id).source != Value::Source::input || place(id).storage >= 0) return;
    place(id) = {new_storage(id, value(id).type.bytes()), 0};
  }

  // A storage that output 0 may take over: its value is used for the last time here, alone in
  // there, and of the same size.
  int dying_input(const Node& node, int index) {
    for (const size_t i : node.op->in_place) {
      if (i >= node.inputs.size() || node.inputs[i] < 0) continue;
      const int source = root(node.inputs[i]);
      if (!transient(source) || last_[static_cast<size_t>(source)] != index) continue;
      const Place where = place(source);
      if (where.storage < 0 || where.offset != 0) continue;
      if (storage(where.storage).last != index) continue;
      if (value(source).type.bytes() != value(node.outputs[0]).type.bytes()) continue;
      if (aligned(value(source).type.bytes()) != storage(where.storage).bytes) continue;
      return where.storage;
    }
    return -1;
  }

  void place_scratch(const Node& node, int index) {
    if (node.op->scratch == nullptr) return;
    OpContext context{.attributes = &node.attributes, .inputs = {}, .outputs = {}};
    for (const int id : node.inputs) context.inputs.push_back(id < 0 ? nullptr : &value(id).type);
    for (const int id : node.outputs) context.outputs.push_back(&value(id).type);
    const size_t bytes = node.op->scratch(context, device_);
    if (bytes == 0) return;
    Storage fresh;
    fresh.bytes = aligned(bytes);
    fresh.first = fresh.last = index;
    plan_.storages.push_back(fresh);
    plan_.scratch[static_cast<size_t>(index)] = static_cast<int>(plan_.storages.size()) - 1;
  }

  // Views take their root's place.
  void extend_spans() {
    for (size_t id = 0; id < plan_.values.size(); ++id) {
      plan_.places[id] = plan_.places[static_cast<size_t>(plan_.roots[id])];
    }
  }

  Plan& plan_;
  const DeviceInfo& device_;
  std::vector<int> first_;
  std::vector<int> last_;
};

bool meet(const StoragePart& a, const Storage& b) {
  return a.first <= b.last && b.first <= a.last;
}

// What storages placed in a block have in use at some time while `storage` is, by offset.
std::vector<StoragePart> in_the_way(const Storage& storage, int block,
                                    const std::vector<Storage*>& all) {
  std::vector<StoragePart> parts;
  for (const Storage* other : all) {
    if (other->block != block) continue;
    for (StoragePart part : other->parts()) {
      if (!meet(part, storage)) continue;
      part.offset += other->offset;
      parts.push_back(part);
    }
  }
  std::sort(parts.begin(), parts.end(),
            [](const StoragePart& a, const StoragePart& b) { return a.offset < b.offset; });
  return parts;
}

// The lowest offset in a block where a storage fits between what is in its way.
size_t lowest_offset(const Storage& storage, int block, const std::vector<Storage*>& all) {
  size_t offset = 0;
  for (const StoragePart& part : in_the_way(storage, block, all)) {
    if (offset + storage.bytes <= part.offset) break;
    offset = std::max(offset, aligned(part.offset + part.bytes));
  }
  return offset;
}

void lay_out(Plan& plan, size_t block_bytes) {
  std::vector<Storage*> order;
  for (Storage& storage : plan.storages) order.push_back(&storage);
  std::stable_sort(order.begin(), order.end(), [](const Storage* a, const Storage* b) {
    return std::tuple(!a->packed.empty(), a->bytes) > std::tuple(!b->packed.empty(), b->bytes);
  });
  for (Storage* storage : order) {
    for (int block = 0;; ++block) {
      if (block == static_cast<int>(plan.blocks.size())) plan.blocks.push_back(0);
      const size_t offset = lowest_offset(*storage, block, order);
      if (offset > 0 && offset + storage->bytes > block_bytes) continue;
      storage->block = block;
      storage->offset = offset;
      size_t& bytes = plan.blocks[static_cast<size_t>(block)];
      bytes = std::max(bytes, offset + storage->bytes);
      break;
    }
  }
}

}  // namespace

void place_values(Plan& plan, const DeviceInfo& device, size_t block_bytes) {
  Placer(plan, device).run();
  lay_out(plan, block_bytes);
}

}  // namespace tandem
