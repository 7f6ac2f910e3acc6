#include "train/report/tensorboard.h"

#include "core/error.h"
#include "train/report/crc32c.h"
#include "train/report/protobuf.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>

namespace tandem {
namespace {

// Field numbers of the messages.
namespace event {
constexpr uint32_t wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7;
}
namespace session_log {
constexpr uint32_t status = 1;
constexpr int64_t start = 1;  // an enum value
}  // namespace session_log
namespace summary {
constexpr uint32_t value = 1;
}
namespace value {
constexpr uint32_t tag = 1, simple_value = 2, image = 4, tensor = 8, metadata = 9;
}
namespace picture {
constexpr uint32_t height = 1, width = 2, colorspace = 3, encoded = 4;
constexpr int64_t rgb = 3;
}  // namespace picture
namespace tensor {
constexpr uint32_t dtype = 1, shape = 2, string_val = 8;
constexpr int64_t dt_string = 7;
}  // namespace tensor
namespace shape {
constexpr uint32_t dim = 2, dim_size = 1;
}
namespace metadata {
constexpr uint32_t plugin_data = 1, plugin_name = 1;
}

ProtobufMessage new_event(int64_t step) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  ProtobufMessage made;
  made.real(event::wall_time, std::chrono::duration<double>(now).count());
  made.integer(event::step, step);
  return made;
}

std::string encode_summary(int64_t step, const ProtobufMessage& one_value) {
  ProtobufMessage values;
  values.message(summary::value, one_value);
  return new_event(step).message(event::summary, values).encoded();
}

ProtobufMessage new_value(std::string_view tag) {
  ProtobufMessage made;
  made.bytes(value::tag, tag);
  return made;
}

std::string little_endian(uint64_t number, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

// TFRecord's mask, so that a checksum of data that holds checksums stays a good one.
std::string masked_checksum(std::string_view bytes) {
  const uint32_t crc = crc32c(bytes);
  return little_endian(((crc >> 15) | (crc << 17)) + 0xa282ead8u, 4);
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& folder,
                                     std::optional<int64_t> resumed) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  // TensorBoard reads the files of a folder in the order of their names: time first.
  const std::string stem =
      fmt::format("events.out.tfevents.{:010}.{}.{}", std::time(nullptr), host, getpid());
  for (int n = 0; file_ < 0; ++n) {
    path_ = folder / fmt::format("{}.{}", stem, n);
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file_ < 0 && errno != EEXIST) {
      fail<DataError>("tensorboard: {} can't be made: {}.", path_.string(), std::strerror(errno));
    }
  }
  write_record(new_event(0).bytes(event::file_version, "brain.Event:2").encoded());
  if (resumed) {
    ProtobufMessage start;
    start.integer(session_log::status, session_log::start);
    // What is forgotten begins at the event's own step.
    write_record(new_event(*resumed + 1).message(event::session_log, start).encoded());
  }
}

TensorBoardWriter::~TensorBoardWriter() { close(file_); }

void TensorBoardWriter::scalar(std::string_view tag, int64_t step, double number) {
  ProtobufMessage one = new_value(tag);
  one.real(value::simple_value, static_cast<float>(number));
  write_record(encode_summary(step, one));
}

void TensorBoardWriter::image(std::string_view tag, int64_t step, std::string_view png,
                              int64_t width, int64_t height) {
  ProtobufMessage encoded;
  encoded.integer(picture::height, height).integer(picture::width, width);
  encoded.integer(picture::colorspace, picture::rgb).bytes(picture::encoded, png);
  write_record(encode_summary(step, new_value(tag).message(value::image, encoded)));
}

void TensorBoardWriter::text(std::string_view tag, int64_t step, std::string_view markdown) {
  ProtobufMessage dim, dims, strings, plugin, kind;
  dim.integer(shape::dim_size, 1);
  dims.message(shape::dim, dim);
  strings.integer(tensor::dtype, tensor::dt_string).message(tensor::shape, dims);
  strings.bytes(tensor::string_val, markdown);
  plugin.bytes(metadata::plugin_name, "text");
  kind.message(metadata::plugin_data, plugin);
  ProtobufMessage one = new_value(tag);
  one.message(value::tensor, strings).message(value::metadata, kind);
  write_record(encode_summary(step, one));
}

// A TFRecord: length, its checksum, the data, its checksum.
void TensorBoardWriter::write_record(std::string_view data) {
  const std::string length = little_endian(data.size(), 8);
  std::string record = length + masked_checksum(length);
  record += data;
  record += masked_checksum(data);
  const off_t before = lseek(file_, 0, SEEK_CUR);
  size_t done = 0;
  while (done < record.size()) {
    const ssize_t count = write(file_, record.data() + done, record.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const std::string reason = std::strerror(errno);
      // What was written of it goes, and the next record takes its place.
      if (ftruncate(file_, before) == 0) lseek(file_, before, SEEK_SET);
      fail<DataError>("tensorboard: {} can't be written: {}.", path_.string(), reason);
    }
    done += static_cast<size_t>(count);
  }
}

}  // namespace tandem
