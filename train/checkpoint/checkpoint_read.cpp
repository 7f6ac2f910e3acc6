#include "core/error.h"
#include "train/checkpoint/checkpoint.h"
#include "train/checkpoint/seal.h"
#include "train/config/utf8.h"
#include "train/hdf5/data_set.h"

#include <zlib.h>

#include <algorithm>
#include <functional>
#include <span>

namespace tandem {
namespace {

// Takes what a checkpoint may hold and nothing else, though the file was sealed by us.
class Reader {
 public:
  explicit Reader(const std::string& path)
      : path_(path), root_(open_hdf5(path)), links_(root_.links()) {}

  std::map<std::string, std::string> attributes() const;

  // Calls `each` with every data set below a group, its name relative to it; `depth` is how many
  // levels of groups may lie between.
  using Each = std::function<void(const std::string& name, const Hdf5Object& data_set)>;
  void walk(const std::string& group, int depth, const Each& each) const {
    const auto found = std::find_if(links_.begin(), links_.end(),
                                    [&](const Hdf5Link& link) { return link.name == group; });
    if (found == links_.end()) {
      fail<CheckpointError>("{}: lacks '{}', so it is not a whole checkpoint.", path_, group);
    }
    walk(open(*found, group), "", depth, each);
  }

  NamedTensor tensor(const std::string& name, const Hdf5Object& object);
  int64_t number(const std::string& name, const Hdf5Object& object);

 private:
  Hdf5Object open(const Hdf5Link& link, const std::string& name) const {
    if (link.by_name()) refuse(name, "is a soft or external link; links are refused");
    return {root_.source(), link.address};
  }

  void walk(const Hdf5Object& group, const std::string& prefix, int depth, const Each& each) const;
  std::string text(const std::string& name, const Hdf5Attribute& attribute) const;
  Hdf5DataSet data_set(const std::string& name, const Hdf5Object& object, const Hdf5Type& type);
  void read(const std::string& name, const Hdf5Object& object, const Hdf5DataSet& set,
            std::span<std::byte> to) const;

  [[noreturn]] void refuse(const std::string& name, const std::string& what) const {
    fail<CheckpointError>("{}: '{}' {}.", path_, name, what);
  }

  const std::string& path_;
  Hdf5Object root_;
  std::vector<Hdf5Link> links_;
  std::map<uint64_t, uint64_t> taken_;  // where the values of each data set begin and end
};

constexpr Hdf5Type i64{.kind = Hdf5Type::Kind::integer, .bytes = 8, .is_signed = true};
constexpr Hdf5Type u32{.kind = Hdf5Type::Kind::integer, .bytes = 4};
constexpr Hdf5Type f32{.kind = Hdf5Type::Kind::floating, .bytes = 4, .exponent_bits = 8};

void Reader::walk(const Hdf5Object& group, const std::string& prefix, int depth,
                  const Each& each) const {
  for (const Hdf5Link& link : group.links()) {
    const std::string full = prefix + link.name;
    if (link.name.empty() || link.name.find('/') != std::string::npos ||
        first_invalid_utf8(link.name) != std::string::npos) {
      refuse(full, "can't be a name");
    }
    const Hdf5Object object = open(link, full);
    if (object.is_data_set()) {
      each(full, object);
    } else if (object.is_group() && depth > 0) {
      walk(object, full + "/", depth - 1, each);
    } else {
      refuse(full, "is not a data set");
    }
  }
}

std::string Reader::text(const std::string& name, const Hdf5Attribute& attribute) const {
  if (attribute.type.kind != Hdf5Type::Kind::text ||
      attribute.bytes.size() != attribute.type.bytes) {
    refuse(name, "is an attribute that is not one text of fixed length");
  }
  std::string text(reinterpret_cast<const char*>(attribute.bytes.data()), attribute.bytes.size());
  text.resize(text.find_last_not_of('\0') + 1);
  return text;
}

// The value of an attribute that is one whole number.
int64_t number_of(const Hdf5Source& source, const std::string& name, const Hdf5Attribute& attribute,
                  const Hdf5Type& type) {
  if (attribute.type != type || attribute.bytes.size() != type.bytes) {
    fail<CheckpointError>("{}: '{}' is an attribute of another type than was expected.",
                          source.path(), name);
  }
  int64_t value = 0;
  to_integers(source, type, attribute.bytes, std::span(&value, 1));
  return value;
}

std::map<std::string, std::string> Reader::attributes() const {
  std::map<std::string, std::string> attributes;
  for (const auto& [name, attribute] : root_.attributes()) {
    if (name != "format_version") {
      attributes.emplace(name, text(name, attribute));
      continue;
    }
    const int64_t version = number_of(*root_.source(), name, attribute, i64);
    if (version == 1) continue;
    fail<CheckpointError>("{}: is of format version {}; this Tandem knows version 1.", path_,
                          version);
  }
  if (attributes["format"] != "tandem-checkpoint") {
    fail<CheckpointError>("{}: is an HDF5 file, but not a checkpoint of Tandem.", path_);
  }
  attributes.erase("format");
  return attributes;
}

// The values must lie in this file, in one piece, in no other's place, and be of the type.
Hdf5DataSet Reader::data_set(const std::string& name, const Hdf5Object& object,
                             const Hdf5Type& type) {
  Hdf5DataSet set(object);
  const auto& axes = set.lengths();
  if (axes.size() > Shape::max_rank) {
    refuse(name, fmt::format("has a shape of {} axes; up to {} are supported", axes.size(),
                             Shape::max_rank));
  }
  if (set.elements() == 0) refuse(name, "has no elements");
  if (set.type() != type) refuse(name, "has another element type than was expected");
  if (set.address() == Hdf5Source::undefined) refuse(name, "is not stored in one piece");
  const uint64_t begin = set.address(), end = begin + set.elements() * type.bytes;
  const auto next = taken_.lower_bound(end);
  if (next != taken_.begin() && std::prev(next)->second > begin) {
    refuse(name, "has the same bytes as another data set");
  }
  taken_.emplace(begin, end);
  return set;
}

void Reader::read(const std::string& name, const Hdf5Object& object, const Hdf5DataSet& set,
                  std::span<std::byte> to) const {
  set.read_rows(0, set.lengths().empty() ? 1 : set.lengths()[0], to);
  const auto attributes = object.attributes();
  const auto found = attributes.find("crc32");
  if (found == attributes.end()) refuse(name, "lacks its checksum");
  const auto expected = static_cast<uint32_t>(number_of(set.source(), "crc32", found->second, u32));
  const auto crc =
      static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(to.data()), to.size()));
  if (crc != expected) {
    refuse(name, fmt::format("is damaged: its checksum is {:08x}, not {:08x}", crc, expected));
  }
}

NamedTensor Reader::tensor(const std::string& name, const Hdf5Object& object) {
  const Hdf5DataSet set = data_set(name, object, f32);
  std::vector<int64_t> axes;
  for (const uint64_t length : set.lengths()) axes.push_back(static_cast<int64_t>(length));
  NamedTensor tensor{name, Shape(axes), std::vector<float>(set.elements())};
  read(name, object, set, std::as_writable_bytes(std::span(tensor.values)));
  return tensor;
}

int64_t Reader::number(const std::string& name, const Hdf5Object& object) {
  const Hdf5DataSet set = data_set(name, object, i64);
  if (!set.lengths().empty()) refuse(name, "is not one number");
  int64_t value = 0;
  read(name, object, set, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

// Gives every tensor to `take` ("model" or "optimizer", tensor), one after the other.
using Take = std::function<void(const std::string& group, NamedTensor tensor)>;

Checkpoint read_into(const std::string& path, bool with_optimizer, const Take& take) {
  check_seal(path);
  Reader reader(path);
  Checkpoint checkpoint;
  checkpoint.attributes = reader.attributes();
  reader.walk("model", 0, [&](const std::string& name, const Hdf5Object& set) {
    take("model", reader.tensor(name, set));
  });
  if (with_optimizer) {
    reader.walk("optimizer", 1, [&](const std::string& name, const Hdf5Object& set) {
      take("optimizer", reader.tensor(name, set));
    });
  }
  reader.walk("state", 0, [&](const std::string& name, const Hdf5Object& set) {
    checkpoint.state.emplace(name, reader.number(name, set));
  });
  return checkpoint;
}

Checkpoint read(const std::string& path, bool with_optimizer) {
  std::vector<NamedTensor> model;
  std::vector<NamedTensor> optimizer;
  Checkpoint checkpoint =
      read_into(path, with_optimizer, [&](const std::string& group, NamedTensor tensor) {
        (group == "model" ? model : optimizer).push_back(std::move(tensor));
      });
  checkpoint.model = std::move(model);
  checkpoint.optimizer = std::move(optimizer);
  return checkpoint;
}

}  // namespace

Checkpoint read_checkpoint(const std::string& path) { return read(path, true); }

Checkpoint read_checkpoint_model(const std::string& path) { return read(path, false); }

void verify_checkpoint(const std::string& path) {
  read_into(path, true, [](const std::string&, NamedTensor) {});
}

}  // namespace tandem
