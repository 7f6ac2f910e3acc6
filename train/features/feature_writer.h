// Writes a file of features (train/features/feature_file.h), a few rows at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tandem {

class FeatureWriter {
 public:
  // Makes the file beside `path`; only finish() puts it there. All members throw CheckpointError
  // where it can't be written.
  explicit FeatureWriter(const std::string& path);
  ~FeatureWriter();

  // An attribute of the file.
  void attribute(const std::string& name, const std::string& text);

  // Data sets of one axis; an empty one is left out.
  void texts(const std::string& name, const std::vector<std::string>& values);
  void integers(const std::string& name, const std::vector<int32_t>& values);

  // A data set f32 [rows, width], and its next rows. `append` fills the one begun last.
  void begin_rows(const std::string& name, int64_t rows, int64_t width);
  void append(std::span<const float> values);

  // Flushes to the disk and renames.
  void finish();

 private:
  class File;
  std::unique_ptr<File> file_;
};

}  // namespace tandem
