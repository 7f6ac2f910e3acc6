// Tar archives (POSIX.1-2017, pax: "ustar Interchange Format", with pax and GNU long names), read
// by where their members are and written in one way.
//
// A reader of its own, and not libarchive's stream, because training draws samples from all places
// of an archive, in another order every epoch: it has to know where each member's bytes lie, and a
// run that resumes must not read what lies before.
#pragma once

#include "train/checkpoint/file.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tandem {

struct TarMember {
  std::string name;
  int64_t offset = 0;  // of its bytes in the archive
  int64_t size = 0;
};

// Walks over the members of an archive. Errors are DataErrors that name the archive.
class TarReader {
 public:
  // Throws where the file can't be opened, and for a gzip-compressed archive.
  explicit TarReader(const std::string& path);

  // The next regular file; folders, links and devices are passed over. False at the archive's end.
  // Throws for a damaged or sparse member, one that goes on past the file's end, and a file that
  // ends without the mark of an archive's end.
  bool next(TarMember& member);

  // The bytes of a small member. Throws if it has more than `limit`.
  std::string read(const TarMember& member, int64_t limit);

 private:
  void read_at(int64_t offset, char* to, int64_t count);
  bool read_header(char* header);
  void apply_extensions(TarMember& member);
  void read_extension(char type, const TarMember& member);
  [[noreturn]] void refuse(const std::string& reason) const;

  std::string path_;
  std::unique_ptr<InputFile> file_;
  int64_t size_ = 0;
  int64_t at_ = 0;         // of the next header
  std::string long_name_;  // for the next member, from an extension; empty if none
  int64_t long_size_ = -1;
  std::vector<char> window_;  // bytes of the file from window_at_ on: headers and texts lie close
  int64_t window_at_ = 0;
};

// A member's header, its bytes and their padding: owner 0, mode 0644, time 0, so that the same
// content gives the same archive. Throws DataError for a name of more than 100 bytes.
std::string tar_member(const std::string& name, std::string_view content);

// The mark of an archive's end.
std::string tar_end();

}  // namespace tandem
