// Tar archives made by hand, with headers that no good program writes.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace tandem::test {

struct TarHeader {
  std::string name;
  std::string size;  // the field as it stands: 12 bytes
  char type = '0';
  std::string prefix = "";
};

// A header with the right checksum.
inline std::string tar_header(const TarHeader& fields) {
  std::string header(512, '\0');
  const auto put = [&](size_t at, std::string_view text) {
    std::copy(text.begin(), text.end(), header.begin() + static_cast<int64_t>(at));
  };
  put(0, fields.name);
  put(124, fields.size);
  put(148, "        ");
  header[156] = fields.type;
  put(257, std::string_view("ustar\00000", 8));
  put(345, fields.prefix);
  int sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  return header;
}

// A member of any type.
inline std::string tar_entry(const std::string& name, const std::string& content,
                             char type = '0') {
  std::string entry =
      tar_header({.name = name, .size = fmt::format("{:011o}", content.size()), .type = type});
  entry += content;
  entry.resize((entry.size() + 511) / 512 * 512);
  return entry;
}

inline std::string tar_close() { return std::string(1024, '\0'); }

}  // namespace tandem::test
