// Groups, data sets and their attributes (HDF5 File Format Specification, III.C to III.D, IV.A.2).
#pragma once

#include "train/hdf5/header.h"
#include "train/hdf5/types.h"

#include <map>
#include <memory>

namespace tandem {

// A member of a group.
struct Hdf5Link {
  std::string name;
  uint64_t address = Hdf5Source::undefined;  // of the object; undefined for a link by name
  uint64_t order = 0;                        // in which it was made, where that is kept

  bool by_name() const { return address == Hdf5Source::undefined; }  // soft or external
};

struct Hdf5Attribute {
  std::string name;
  Hdf5Type type;
  Hdf5Shape shape;
  Bytes bytes;
};

class Hdf5Object {
 public:
  // Reads the header at an address.
  Hdf5Object(std::shared_ptr<const Hdf5Source> source, uint64_t address);

  const std::shared_ptr<const Hdf5Source>& source() const { return source_; }
  const std::vector<Hdf5Message>& messages() const { return messages_; }
  bool is_group() const;
  bool is_data_set() const { return has(Hdf5Message::layout); }

  // Members of a group, in the order that they were made in where that is kept, else by name.
  // Throws CheckpointError for two of a name.
  std::vector<Hdf5Link> links() const;

  // By name.
  std::map<std::string, Hdf5Attribute> attributes() const;

 private:
  bool has(Hdf5Message::Type type) const;
  void read_dense_links(const Hdf5Message& info, std::vector<Hdf5Link>& links) const;

  std::shared_ptr<const Hdf5Source> source_;
  std::vector<Hdf5Message> messages_;
};

// The root group of a file.
Hdf5Object open_hdf5(const std::string& path);

}  // namespace tandem
