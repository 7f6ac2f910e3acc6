// Files as checkpoints need them: reads that never go past the end, writes that are on the disk
// before they are believed. All errors are CheckpointErrors that name the file and the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace tandem {

// A regular file opened for reading. Folders, pipes and devices are refused, so no read blocks.
class InputFile {
 public:
  explicit InputFile(std::string path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }  // bytes, when it was opened

  // Fills `to` with the bytes from `offset` on; throws if the file ends before.
  void read(uint64_t offset, std::span<std::byte> to) const;

 private:
  std::string path_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

// A file opened for writing. Nothing is on the disk for sure before `flush` has returned.
class OutputFile {
 public:
  enum class Open { create, existing };  // `create` empties an old file of the name

  explicit OutputFile(std::string path, Open open = Open::create);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::string& path() const { return path_; }

  // Writes after what `write` wrote before.
  void write(std::span<const std::byte> bytes);

  // Writes from an offset on.
  void write_at(uint64_t offset, std::span<const std::byte> bytes);

  // Reads what was written; zeros where nothing was.
  void read_at(uint64_t offset, std::span<std::byte> to) const;

  void resize(uint64_t bytes);
  void flush();

 private:
  std::string path_;
  int descriptor_ = -1;
  uint64_t end_ = 0;  // of what `write` wrote
};

// Names a file while it is being made; deletes it, if it is still there, in the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Waits until a file's (or folder's) content is on the disk.
void flush_to_disk(const std::string& path);

// Flushes `from`, renames it to `to` in the same folder, and flushes the folder: after a crash
// `to` is either the old file or the new one, whole.
void replace_file(const std::string& from, const std::string& to);

}  // namespace tandem
