// How much memory the host has left for this process.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tandem {

// Bytes that the process may still take: what Linux says is available, or what the limits of its
// control groups (versions 1 and 2) leave, whichever is less; file caches count as free. 0 where
// it can't be known. `root` is the folder that has proc and sys.
uint64_t free_host_memory(const std::filesystem::path& root = "/");

}  // namespace tandem
