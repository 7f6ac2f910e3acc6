#include "train/hdf5/object.h"

#include "train/hdf5/btree2.h"
#include "train/hdf5/fractal_heap.h"
#include "train/hdf5/old_group.h"

#include <algorithm>

namespace tandem {
namespace {

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Hdf5Link read_link(const Hdf5Source& source, std::span<const std::byte> bytes) {
  Cursor at(source, bytes, "a link");
  at.expect_version(1);
  const uint8_t flags = at.byte();
  const uint8_t kind = (flags & 8) != 0 ? at.byte() : 0;
  Hdf5Link link;
  if ((flags & 4) != 0) link.order = at.number(8);
  if ((flags & 16) != 0) at.skip(1);  // the name's encoding
  link.name = text_of(at.take(at.number(size_t{1} << (flags & 3))));
  if (kind == 0) link.address = at.address();
  return link;
}

// Parts of the first version fill whole groups of 8 bytes.
std::span<const std::byte> take_padded(Cursor& at, uint64_t bytes, bool padded) {
  const auto taken = at.take(bytes);
  if (padded) at.skip((8 - bytes % 8) % 8);
  return taken;
}

Hdf5Attribute read_attribute(const Hdf5Source& source, std::span<const std::byte> bytes) {
  Cursor at(source, bytes, "an attribute");
  const uint8_t version = at.byte();
  if (version < 1 || version > 3) source.refuse("has an attribute of an unknown version");
  const uint8_t flags = at.byte();
  if (version > 1 && flags != 0) source.refuse("has a named or shared type; those are not read");
  const uint64_t name_bytes = at.number(2);
  const uint64_t type_bytes = at.number(2);
  const uint64_t shape_bytes = at.number(2);
  if (version == 3) at.skip(1);  // the name's encoding
  Hdf5Attribute attribute;
  attribute.name = text_of(take_padded(at, name_bytes, version == 1));
  attribute.name.resize(std::min(attribute.name.find('\0'), attribute.name.size()));
  attribute.type = read_type(source, take_padded(at, type_bytes, version == 1));
  attribute.shape = read_shape(source, take_padded(at, shape_bytes, version == 1));
  const auto count = attribute.shape.elements(at.left() / attribute.type.bytes);
  if (!count) at.damaged();
  const auto value = at.take(*count * attribute.type.bytes);
  attribute.bytes.assign(value.begin(), value.end());
  return attribute;
}

}  // namespace

Hdf5Object::Hdf5Object(std::shared_ptr<const Hdf5Source> source, uint64_t address)
    : source_(std::move(source)), messages_(read_header(*source_, address)) {}

bool Hdf5Object::has(Hdf5Message::Type type) const {
  return std::any_of(messages_.begin(), messages_.end(),
                     [&](const Hdf5Message& message) { return message.type == type; });
}

bool Hdf5Object::is_group() const {
  return !is_data_set() && (has(Hdf5Message::symbol_table) || has(Hdf5Message::link_info));
}

std::vector<Hdf5Link> Hdf5Object::links() const {
  std::vector<Hdf5Link> links;
  if (const Hdf5Message* old = only(*source_, messages_, Hdf5Message::symbol_table)) {
    links = read_old_group(*source_, old->bytes);
  }
  for (const Hdf5Message& message : messages_) {
    if (message.type == Hdf5Message::link) links.push_back(read_link(*source_, message.bytes));
  }
  bool ordered = false;
  if (const Hdf5Message* info = only(*source_, messages_, Hdf5Message::link_info)) {
    Cursor at(*source_, info->bytes, "a group");
    at.expect_version(0);
    const uint8_t flags = at.byte();
    ordered = (flags & 2) != 0;
    read_dense_links(*info, links);
  }
  std::sort(links.begin(), links.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      links.begin(), links.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
  if (twice != links.end()) source_->damaged("a group has two members of a name");
  if (ordered) {
    std::stable_sort(links.begin(), links.end(),
                     [](const auto& a, const auto& b) { return a.order < b.order; });
  }
  return links;
}

void Hdf5Object::read_dense_links(const Hdf5Message& info, std::vector<Hdf5Link>& links) const {
  Cursor at(*source_, info.bytes, "a group");
  at.expect_version(0);
  const uint8_t flags = at.byte();
  if ((flags & 1) != 0) at.skip(8);  // the next member's order
  const uint64_t heap_address = at.address();
  const uint64_t tree = at.address();
  if (heap_address == Hdf5Source::undefined) return;
  const FractalHeap heap(*source_, heap_address);
  walk_btree2(*source_, tree, Btree2Type::link_name, [&](Cursor record) {
    record.skip(4);  // the name's hash
    links.push_back(read_link(*source_, heap.object(record.take(heap.id_bytes()))));
  });
}

std::map<std::string, Hdf5Attribute> Hdf5Object::attributes() const {
  std::map<std::string, Hdf5Attribute> attributes;
  const auto add = [&](std::span<const std::byte> bytes) {
    Hdf5Attribute attribute = read_attribute(*source_, bytes);
    std::string name = attribute.name;
    if (attributes.emplace(std::move(name), std::move(attribute)).second) return;
    source_->damaged("an object has two attributes of a name");
  };
  for (const Hdf5Message& message : messages_) {
    if (message.type == Hdf5Message::attribute) add(message.bytes);
  }
  const Hdf5Message* info = only(*source_, messages_, Hdf5Message::attribute_info);
  if (info == nullptr) return attributes;
  Cursor at(*source_, info->bytes, "a list of attributes");
  at.expect_version(0);
  if ((at.byte() & 1) != 0) at.skip(2);  // the next one's order
  const uint64_t heap_address = at.address();
  const uint64_t tree = at.address();
  if (heap_address == Hdf5Source::undefined) return attributes;
  const FractalHeap heap(*source_, heap_address);
  walk_btree2(*source_, tree, Btree2Type::attribute_name, [&](Cursor record) {
    const auto id = record.take(heap.id_bytes());
    constexpr uint8_t shared = 2;
    if ((record.byte() & shared) != 0) source_->refuse("has a shared attribute");
    add(heap.object(id));
  });
  return attributes;
}

Hdf5Object open_hdf5(const std::string& path) {
  auto source = std::make_shared<const Hdf5Source>(path);
  const uint64_t root = source->root();
  return {std::move(source), root};
}

}  // namespace tandem
