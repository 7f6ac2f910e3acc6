// Amounts of memory as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tandem {

// "512 bytes", "3.4 MiB", "24.0 GiB".
std::string byte_text(uint64_t bytes);

// Of "24GiB", "1.5 GB", "800MiB" or a plain number of bytes. Throws ConfigError.
uint64_t parse_bytes(std::string_view text);

}  // namespace tandem
