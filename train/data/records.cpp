#include "train/data/records.h"

#include "core/error.h"

namespace tandem {
RecordReader::RecordReader(std::istream& stream) : bytes_(*stream.rdbuf()) {
  char mark[3] = {};
  const bool marked = bytes_.sgetn(mark, 3) == 3 && std::string_view(mark, 3) == "\xef\xbb\xbf";
  if (!marked) bytes_.pubseekpos(0);
}

int RecordReader::take() {
  const int byte = bytes_.sbumpc();
  if (byte == '\n') ++next_line_;
  ++record_bytes_;
  return byte;
}

int RecordReader::peek() { return bytes_.sgetc(); }

void RecordReader::refuse(const char* reason) {
  while (record_bytes_ > 0) {  // skip what is left of the line
    const int byte = take();
    if (byte == '\n' || byte < 0) break;
  }
  throw DataError(reason);
}

bool RecordReader::next_line(std::string& line) {
  line.clear();
  line_ = next_line_;
  record_bytes_ = 0;
  if (peek() < 0) return false;
  for (int byte = take(); byte >= 0 && byte != '\n'; byte = take()) {
    if (record_bytes_ > max_record_bytes) refuse("the line is longer than 1 MiB");
    line += static_cast<char>(byte);
  }
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

bool RecordReader::next_values(char separator, std::vector<std::string>& values) {
  values.clear();
  line_ = next_line_;
  record_bytes_ = 0;
  if (peek() < 0) return false;
  int end = separator;
  while (end == separator) {
    values.emplace_back();
    end = take_value(separator, values.back());
  }
  return true;
}

int RecordReader::take_value(char separator, std::string& value) {
  const bool quoted = peek() == '"';
  if (quoted) take_quoted(value);
  while (true) {
    const int byte = take();
    if (byte == separator || byte == '\n' || byte < 0) return byte;
    if (byte == '\r' && (peek() == '\n' || peek() < 0)) continue;
    if (quoted) refuse("a value goes on after its closing quote; double the quotes inside values");
    if (record_bytes_ > max_record_bytes) refuse("the row is longer than 1 MiB");
    value += static_cast<char>(byte);
  }
}

void RecordReader::take_quoted(std::string& value) {
  take();  // the opening quote
  while (true) {
    const int byte = take();
    if (byte < 0) refuse("a quoted value has no closing quote");
    if (record_bytes_ > max_record_bytes) {
      refuse("the row is longer than 1 MiB; is a closing quote missing?");
    }
    if (byte == '"') {
      if (peek() != '"') return;
      take();
    }
    value += static_cast<char>(byte);
  }
}

std::vector<std::string> all_lines(std::istream& file, const std::string& path) {
  RecordReader reader(file);
  std::vector<std::string> lines;
  try {
    for (std::string line; reader.next_line(line);) lines.push_back(line);
  } catch (const DataError& error) {
    fail<DataError>("{}:{}: {}.", path, reader.line(), error.what());
  }
  return lines;
}

}  // namespace tandem
