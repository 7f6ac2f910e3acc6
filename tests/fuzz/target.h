// What the fuzz targets share. A target hands any bytes to a reader, which may refuse them with one
// of Tandem's errors and do nothing else wrong: another exception, a crash, a hang, an allocation
// far beyond the input, or what AddressSanitizer and UBSan find, is a finding.
#pragma once

#include "core/error.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tandem::fuzz {

inline std::string_view text_of(const uint8_t* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// Aborts, so that the input is kept, unless `true_always`.
inline void require(bool true_always, const char* what) {
  if (true_always) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

// Runs a reader that may refuse its input.
template <class Read>
void may_refuse(Read read) {
  try {
    read();
  } catch (const Error& error) {
    require(error.what()[0] != '\0', "an error says what is wrong");
  }
}

// The path of a file with this content, in a folder of the process; the one before is gone.
inline std::string file_of(std::string_view content, const std::string& name) {
  static const std::filesystem::path folder = [] {
    auto made = std::filesystem::temp_directory_path() / ("tandem_fuzz_" + std::to_string(getpid()));
    std::filesystem::create_directories(made);
    return made;
  }();
  const std::string path = (folder / name).string();
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

}  // namespace tandem::fuzz
