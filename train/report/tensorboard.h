// Event files that TensorBoard reads: a file of TFRecords, each an Event message
// (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace tandem {

// One event file, new for every start of a run. Not thread-safe.
class TensorBoardWriter {
 public:
  // Makes `folder`/events.out.tfevents.<time>.<host>.<process>.<n>. A run resumed at `resumed`
  // (steps done) tells TensorBoard to forget what earlier files say of later steps. Throws
  // DataError.
  explicit TensorBoardWriter(const std::filesystem::path& folder,
                             std::optional<int64_t> resumed = std::nullopt);
  ~TensorBoardWriter();
  TensorBoardWriter(const TensorBoardWriter&) = delete;
  TensorBoardWriter& operator=(const TensorBoardWriter&) = delete;

  // Each adds one event, written at once. `tag` groups by slash: "train/loss". A write error
  // throws DataError; the file is then as it was before.
  void scalar(std::string_view tag, int64_t step, double value);
  void image(std::string_view tag, int64_t step, std::string_view png, int64_t width,
             int64_t height);
  void text(std::string_view tag, int64_t step, std::string_view markdown);

  const std::filesystem::path& path() const { return path_; }

 private:
  void write_record(std::string_view event);

  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace tandem
