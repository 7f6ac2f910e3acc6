#include "train/data/write_file.h"

#include "core/error.h"
#include "train/checkpoint/file.h"

#include <span>

namespace tandem {

void write_file(const std::string& path, std::string_view bytes) {
  try {
    const TemporaryFile beside(path + ".partial");
    OutputFile(beside.path()).write(std::as_bytes(std::span(bytes)));
    replace_file(beside.path(), path);
  } catch (const CheckpointError& error) {
    throw DataError(error.what());
  }
}

}  // namespace tandem
