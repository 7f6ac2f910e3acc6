// The checksum that HDF5 puts behind its newer structures: Bob Jenkins' lookup3, "hashlittle".
#pragma once

#include "train/hdf5/source.h"

namespace tandem {

uint32_t lookup3(std::span<const std::byte> bytes);

// Throws CheckpointError unless bytes[0, end) are followed by their checksum.
void check_checksum(const Hdf5Source& source, std::span<const std::byte> bytes, size_t end,
                    const char* what);

// As above, of all bytes but the last four.
void check_checksum(const Hdf5Source& source, std::span<const std::byte> bytes, const char* what);

// In two-byte words, the higher byte first: the sums that the filter "fletcher32" appends.
uint32_t fletcher32(std::span<const std::byte> bytes);

}  // namespace tandem
