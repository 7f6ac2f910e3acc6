// The records of text files that people and programs write: lines, and RFC 4180's comma-separated
// values. Memory is bounded by the longest record allowed.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace tandem {

constexpr size_t max_record_bytes = size_t{1} << 20;

class RecordReader {
 public:
  // The stream must outlive the reader and be seekable. A byte order mark at its start is skipped.
  explicit RecordReader(std::istream& stream);

  // The next line without its end (LF or CRLF); false at the end of the stream.
  // Throws DataError for a line over max_record_bytes, which is skipped.
  bool next_line(std::string& line);

  // The next record of values; a quoted value may hold separators, line ends and doubled quotes.
  // Throws DataError for a record over max_record_bytes or with broken quotes; its rest is skipped.
  bool next_values(char separator, std::vector<std::string>& values);

  // The line, from 1, where the last record began.
  int64_t line() const { return line_; }

 private:
  int take();  // the next byte, or -1
  int peek();
  [[noreturn]] void refuse(const char* reason);

  // One value; returns the byte that ended it: the separator, '\n', or -1.
  int take_value(char separator, std::string& value);
  void take_quoted(std::string& value);

  std::streambuf& bytes_;
  int64_t line_ = 0;       // where the record began
  int64_t next_line_ = 1;  // where the next byte is
  size_t record_bytes_ = 0;
};

// The lines of a file as RecordReader has them; `path` is its name in errors. Throws DataError for
// a line over max_record_bytes.
std::vector<std::string> all_lines(std::istream& file, const std::string& path);

}  // namespace tandem
