#include "train/checkpoint/safetensors_header.h"

#include "core/error.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <set>

namespace tandem {
namespace {

using Json = nlohmann::json;

// Follows the parser's events; the depth of what is open says what an event means. Building no
// document keeps a hostile header from costing more memory than its own bytes times a little.
class HeaderReader final : public nlohmann::json_sax<Json> {
 public:
  explicit HeaderReader(const std::string& path) : path_(path) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { return unexpected("null"); }
  bool boolean(bool) override { return unexpected("a boolean"); }
  bool number_integer(number_integer_t) override { return unexpected("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return unexpected("a fraction"); }
  bool binary(binary_t&) override { return unexpected("binary data"); }

  bool number_unsigned(number_unsigned_t value) override {
    if (numbers_ == nullptr || depth_ != 3) return unexpected("a number");
    if (numbers_->size() >= 64) return unexpected("a list of more than 64 numbers");
    numbers_->push_back(value);
    return true;
  }

  bool string(string_t& value) override {
    if (depth_ != 2) return unexpected("a text");
    if (in_metadata_) {
      if (!header_.metadata.emplace(key_, value).second) return unexpected("a key twice");
      return true;
    }
    if (key_ != "dtype" || dtype_) return unexpected("a text");
    dtype_ = value;
    return true;
  }

  bool start_object(std::size_t) override {
    if (depth_ > 1) return unexpected("an object inside a tensor's entry");
    ++depth_;
    return true;
  }

  bool key(string_t& value) override {
    key_ = value;
    if (depth_ != 1) return true;
    name_ = value;
    in_metadata_ = value == "__metadata__";
    dtype_.reset();
    shape_.reset();
    offsets_.reset();
    if (!names_.insert(value).second) return unexpected("the same name twice");
    return true;
  }

  bool end_object() override {
    if (depth_ == 2 && !in_metadata_) finish_entry();
    --depth_;
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_) return unexpected("a list");
    auto& list = key_ == "shape" ? shape_ : offsets_;
    if ((key_ != "shape" && key_ != "data_offsets") || list) return unexpected("a list");
    numbers_ = &list.emplace();
    ++depth_;
    return true;
  }

  bool end_array() override {
    numbers_ = nullptr;
    --depth_;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    fail<CheckpointError>("{}: is not a safetensors file: its header is not JSON (byte {}).", path_,
                          position);
  }

 private:
  bool unexpected(const char* what) const {
    fail<CheckpointError>(
        "{}: the safetensors header has {} in the entry '{}'{}; an entry is "
        "{{dtype, shape, data_offsets}}.",
        path_, what, name_, depth_ > 1 ? fmt::format(" at '{}'", key_) : "");
  }

  void finish_entry() {
    if (!dtype_ || !shape_ || !offsets_ || offsets_->size() != 2) {
      fail<CheckpointError>("{}: tensor '{}' lacks one of dtype, shape and two data_offsets.",
                            path_, name_);
    }
    const uint64_t element = safetensors_element_bytes(*dtype_);
    if (element == 0) {
      fail<CheckpointError>("{}: tensor '{}' is of type {}, which is not supported.", path_, name_,
                            *dtype_);
    }
    if ((*offsets_)[0] > (*offsets_)[1]) {
      fail<CheckpointError>("{}: tensor '{}' ends at byte {}, before its start at {}.", path_,
                            name_, (*offsets_)[1], (*offsets_)[0]);
    }
    const uint64_t bytes = (*offsets_)[1] - (*offsets_)[0];
    header_.entries.push_back({name_, *dtype_, shape_for(bytes, element), (*offsets_)[0], bytes});
  }

  // The shape, if it needs exactly `bytes`.
  Shape shape_for(uint64_t bytes, uint64_t element) const {
    if (shape_->size() > Shape::max_rank) {
      fail<CheckpointError>("{}: tensor '{}' has {} axes; at most {} are supported.", path_, name_,
                            shape_->size(), Shape::max_rank);
    }
    std::vector<int64_t> axes;
    uint64_t left = bytes / element;  // what the axes still to come must multiply to
    bool fits = bytes % element == 0;
    for (const uint64_t axis : *shape_) {
      fits = fits && axis != 0 && left % axis == 0;
      if (!fits) break;
      left /= axis;
      axes.push_back(static_cast<int64_t>(axis));
    }
    if (!fits || left != 1) {
      fail<CheckpointError>(
          "{}: tensor '{}' has {} bytes, which is not what {} [{}] needs (no "
          "axis may be 0).",
          path_, name_, bytes, *dtype_, fmt::join(*shape_, ", "));
    }
    return Shape(axes);
  }

  const std::string& path_;
  SafetensorsHeader header_;
  std::set<std::string> names_;
  int depth_ = 0;  // 1 in the header, 2 in an entry, 3 in one of its lists
  bool in_metadata_ = false;
  std::string name_;
  std::string key_;
  std::optional<std::string> dtype_;
  std::optional<std::vector<uint64_t>> shape_;
  std::optional<std::vector<uint64_t>> offsets_;
  std::vector<uint64_t>* numbers_ = nullptr;
};

}  // namespace

uint64_t safetensors_element_bytes(std::string_view dtype) {
  if (dtype == "F64" || dtype == "I64") return 8;
  if (dtype == "F32" || dtype == "I32") return 4;
  if (dtype == "F16" || dtype == "BF16" || dtype == "I16") return 2;
  if (dtype == "I8" || dtype == "U8" || dtype == "BOOL") return 1;
  return 0;
}

SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view json) {
  HeaderReader reader(path);
  if (json.empty() || json.front() != '{') {
    fail<CheckpointError>("{}: is not a safetensors file: its header does not start with '{{'.",
                          path);
  }
  Json::sax_parse(json.begin(), json.end(), &reader);
  return reader.take();
}

}  // namespace tandem
