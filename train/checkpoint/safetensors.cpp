#include "train/checkpoint/safetensors.h"

#include "core/dtype.h"
#include "core/error.h"
#include "train/checkpoint/safetensors_header.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <set>

namespace tandem {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr uint64_t max_header_bytes = 100'000'000;  // the format's own limit

uint64_t header_bytes(const InputFile& file) {
  uint64_t length = 0;
  if (file.size() < sizeof length) {
    fail<CheckpointError>("{}: has {} bytes, too few for a safetensors file.", file.path(),
                          file.size());
  }
  file.read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length > file.size() - sizeof length || length > max_header_bytes) {
    fail<CheckpointError>(
        "{}: is not a safetensors file, or is truncated: it claims a header of {} bytes and has "
        "{}.",
        file.path(), length, file.size());
  }
  return length;
}

// The tensors, put in order, must follow each other from the header to the file's end.
void check_ranges(const InputFile& file, uint64_t start, std::vector<SafetensorsEntry>& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  uint64_t end = 0;
  for (SafetensorsEntry& entry : entries) {
    if (entry.offset != end) {
      fail<CheckpointError>(
          "{}: tensor '{}' starts at byte {} of the data where {} was expected: "
          "ranges must neither overlap nor leave a gap.",
          file.path(), entry.name, entry.offset, end);
    }
    if (entry.bytes > file.size() - start - end) {
      fail<CheckpointError>("{}: is truncated: tensor '{}' needs {} bytes and {} are left.",
                            file.path(), entry.name, entry.bytes, file.size() - start - end);
    }
    end += entry.bytes;
    entry.offset += start;
  }
  if (start + end != file.size()) {
    fail<CheckpointError>("{}: has {} bytes after its last tensor.", file.path(),
                          file.size() - start - end);
  }
}

// Elements of type From, each converted to To.
template <class From, class To, class Convert>
std::vector<To> converted(std::span<const std::byte> bytes, Convert convert) {
  std::vector<To> values(bytes.size() / sizeof(From));
  for (size_t i = 0; i < values.size(); ++i) {
    From element;
    std::memcpy(&element, bytes.data() + i * sizeof(From), sizeof(From));
    values[i] = convert(element);
  }
  return values;
}

// The JSON header, checked against the tensors' values.
std::string header_of(const std::string& path, std::span<const NamedTensor> tensors,
                      const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::set<std::string> names{"__metadata__"};
  uint64_t end = 0;
  for (const NamedTensor& tensor : tensors) {
    const uint64_t bytes = tensor.values.size() * sizeof(float);
    if (!names.insert(tensor.name).second ||
        tensor.values.size() != static_cast<size_t>(tensor.shape.elements())) {
      fail<CheckpointError>("{}: tensor '{}' is there twice, or has not the {} values of {}.", path,
                            tensor.name, tensor.shape.elements(), tensor.shape);
    }
    const auto axes = tensor.shape.axes();
    auto& entry = header[tensor.name];
    entry["dtype"] = "F32";
    entry["shape"] = std::vector<int64_t>(axes.begin(), axes.end());
    entry["data_offsets"] = std::array{end, end + bytes};
    end += bytes;
  }
  std::string json = header.dump();
  json.append((8 - json.size() % 8) % 8, ' ');  // keeps the data aligned
  return json;
}

}  // namespace

Safetensors::Safetensors(const std::string& path) : file_(path) {
  std::string json(header_bytes(file_), '\0');
  file_.read(sizeof(uint64_t), std::as_writable_bytes(std::span(json)));
  SafetensorsHeader header = parse_safetensors_header(path, json);
  check_ranges(file_, sizeof(uint64_t) + json.size(), header.entries);
  entries_ = std::move(header.entries);
  metadata_ = std::move(header.metadata);
  for (size_t i = 0; i < entries_.size(); ++i) index_.emplace(entries_[i].name, i);
}

const SafetensorsEntry* Safetensors::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

const SafetensorsEntry& Safetensors::at(std::string_view name) const {
  const SafetensorsEntry* entry = find(name);
  if (entry == nullptr) {
    fail<CheckpointError>("{}: has no tensor '{}' among its {}.", path(), name, entries_.size());
  }
  return *entry;
}

std::vector<std::byte> Safetensors::bytes(const SafetensorsEntry& entry) const {
  std::vector<std::byte> bytes(entry.bytes);
  file_.read(entry.offset, bytes);
  return bytes;
}

std::vector<float> Safetensors::floats(std::string_view name) const {
  const SafetensorsEntry& entry = at(name);
  if (entry.dtype == "F32") {
    std::vector<float> values(entry.bytes / sizeof(float));
    file_.read(entry.offset, std::as_writable_bytes(std::span(values)));
    return values;
  }
  if (entry.dtype == "F16") return converted<uint16_t, float>(bytes(entry), float_from_f16);
  if (entry.dtype == "BF16") return converted<uint16_t, float>(bytes(entry), float_from_bf16);
  if (entry.dtype == "F64") {
    return converted<double, float>(bytes(entry), [](double x) { return static_cast<float>(x); });
  }
  fail<CheckpointError>("{}: tensor '{}' is of type {}; a floating-point type was expected.",
                        path(), name, entry.dtype);
}

std::vector<int32_t> Safetensors::integers(std::string_view name) const {
  const SafetensorsEntry& entry = at(name);
  const auto narrow = [&](int64_t value) {
    if (value < std::numeric_limits<int32_t>::min() ||
        value > std::numeric_limits<int32_t>::max()) {
      fail<CheckpointError>("{}: tensor '{}' holds {}, which does not fit 32 bits.", path(), name,
                            value);
    }
    return static_cast<int32_t>(value);
  };
  if (entry.dtype == "I64") return converted<int64_t, int32_t>(bytes(entry), narrow);
  if (entry.dtype == "I32") return converted<int32_t, int32_t>(bytes(entry), narrow);
  if (entry.dtype == "I16") return converted<int16_t, int32_t>(bytes(entry), narrow);
  if (entry.dtype == "I8") return converted<int8_t, int32_t>(bytes(entry), narrow);
  if (entry.dtype == "U8" || entry.dtype == "BOOL") {
    return converted<uint8_t, int32_t>(bytes(entry), narrow);
  }
  fail<CheckpointError>("{}: tensor '{}' is of type {}; an integer type was expected.", path(),
                        name, entry.dtype);
}

NamedTensor Safetensors::tensor(std::string_view name) const {
  return {std::string(name), at(name).shape, floats(name)};
}

void write_safetensors(const std::string& path, std::span<const NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::string json = header_of(path, tensors, metadata);
  const uint64_t length = json.size();
  const TemporaryFile beside(path + ".tmp");
  {
    OutputFile file(beside.path());
    file.write(std::as_bytes(std::span(&length, 1)));
    file.write(std::as_bytes(std::span(json)));
    for (const NamedTensor& tensor : tensors) file.write(std::as_bytes(std::span(tensor.values)));
  }
  replace_file(beside.path(), path);
}

}  // namespace tandem
