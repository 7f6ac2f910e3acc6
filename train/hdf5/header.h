// Object headers: the messages that say what an object is (HDF5 File Format Specification, IV.A).
#pragma once

#include "train/hdf5/source.h"

namespace tandem {

struct Hdf5Message {
  enum Type : uint8_t {
    dataspace = 0x01,
    link_info = 0x02,
    datatype = 0x03,
    link = 0x06,
    external_files = 0x07,
    layout = 0x08,
    filters = 0x0b,
    attribute = 0x0c,
    continuation = 0x10,
    symbol_table = 0x11,
    attribute_info = 0x15,
  };
  uint8_t type = 0;
  Bytes bytes;
};

// The messages of the header at an address, those of other types left out. Throws CheckpointError
// for messages that are shared, which would lie elsewhere.
std::vector<Hdf5Message> read_header(const Hdf5Source& source, uint64_t address);

// The only message of a type; null if there is none. Throws if there are several.
const Hdf5Message* only(const Hdf5Source& source, const std::vector<Hdf5Message>& messages,
                        Hdf5Message::Type type);

}  // namespace tandem
