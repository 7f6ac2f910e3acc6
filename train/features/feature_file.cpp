#include "train/features/feature_file.h"

#include "core/error.h"
#include "train/checkpoint/seal.h"
#include "train/config/utf8.h"
#include "train/hdf5/data_set.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

namespace tandem {
namespace {

constexpr std::array known_names{"image_features",     "labels",        "split",
                                 "class_names",        "text_features", "caption_image",
                                 "class_text_features"};

// A row of features has at least two bytes, which hardly shrink: a file has fewer than this many
// rows for each of its bytes.
constexpr uint64_t most_rows_a_byte = 16;

}  // namespace

// The open file. What was read of its structure is kept.
class FeatureFile::Content {
 public:
  Content(const std::string& path, FeatureNames names)
      : root_(open_hdf5(path)), names_(std::move(names)) {}

  std::string in_file(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? name : found->second;
  }
  std::string described(const std::string& name) const { return path() + ": " + in_file(name); }
  const std::string& path() const { return root_.source()->path(); }
  const Hdf5Source& source() const { return *root_.source(); }

  bool has(const std::string& name) const { return link(name).has_value(); }

  std::string attribute(const std::string& name) const {
    const auto all = root_.attributes();
    const auto found = all.find(name);
    if (found == all.end()) return "";
    const Hdf5Attribute& one = found->second;
    const bool is_text = one.type.kind == Hdf5Type::Kind::text ||
                         one.type.kind == Hdf5Type::Kind::text_reference;
    if (!is_text) return "";
    const std::vector<std::string> texts = read_texts(source(), one.type, one.bytes);
    return texts.size() == 1 ? texts.front() : "";
  }

  // The data set, of one of the kinds and with so many axes.
  std::shared_ptr<const Hdf5DataSet> open(const std::string& name, const char* kind_name,
                                          std::initializer_list<Hdf5Type::Kind> kinds, size_t axes);

  [[noreturn]] void refuse(const std::string& name, const std::string& what) const {
    fail<DataError>("{} {}.", described(name), what);
  }

 private:
  std::optional<Hdf5Link> link(const std::string& name) const;

  Hdf5Object root_;
  FeatureNames names_;
  mutable std::map<std::string, std::vector<Hdf5Link>> groups_;  // by path
};

// The last part of a path, whose other parts are groups.
std::optional<Hdf5Link> FeatureFile::Content::link(const std::string& name) const {
  Hdf5Link found{.address = source().root()};
  std::string path;
  for (const auto& part : std::filesystem::path(in_file(name)).relative_path()) {
    if (found.by_name()) refuse(name, "is in a group that is a link; links are refused");
    auto group = groups_.find(path);
    if (group == groups_.end()) {
      const Hdf5Object object(root_.source(), found.address);
      if (!object.is_group()) return std::nullopt;
      group = groups_.emplace(path, object.links()).first;
    }
    const auto& links = group->second;
    const auto next = std::find_if(links.begin(), links.end(), [&](const Hdf5Link& member) {
      return member.name == part.string();
    });
    if (next == links.end()) return std::nullopt;
    found = *next;
    path.append(1, '/').append(part.string());
  }
  return found;
}

std::shared_ptr<const Hdf5DataSet> FeatureFile::Content::open(
    const std::string& name, const char* kind_name, std::initializer_list<Hdf5Type::Kind> kinds,
    size_t axes) {
  const std::optional<Hdf5Link> place = link(name);
  if (!place) refuse(name, "is not there; --name " + name + "=DATASET says what it is called");
  if (place->by_name()) refuse(name, "is a link; links are refused");
  const auto set = std::make_shared<const Hdf5DataSet>(Hdf5Object(root_.source(), place->address));
  if (std::find(kinds.begin(), kinds.end(), set->type().kind) == kinds.end() ||
      set->lengths().size() != axes) {
    refuse(name, fmt::format("is not a data set of {} with {}", kind_name,
                             axes == 1 ? "one axis" : "two axes"));
  }
  if (set->elements() == 0 || set->lengths()[0] > most_rows_a_byte * source().size()) {
    refuse(name, fmt::format("has the shape [{}], which the file has no values for",
                             fmt::join(set->lengths(), ", ")));
  }
  return set;
}

namespace {

// Rows of a data set, read by runs of neighbours.
class FileRows : public FeatureRows {
 public:
  FileRows(std::shared_ptr<const Hdf5DataSet> set, std::string name)
      : set_(std::move(set)), name_(std::move(name)) {}

  int64_t rows() const override { return static_cast<int64_t>(set_->lengths()[0]); }
  int64_t width() const override { return static_cast<int64_t>(set_->lengths()[1]); }

 private:
  std::string name() const override { return name_; }

  void copy(std::span<const int64_t> indices, std::span<float> out) const override {
    const auto E = static_cast<size_t>(width());
    Bytes bytes;
    for (size_t begin = 0, end = 0; begin < indices.size(); begin = end) {
      for (end = begin + 1; end < indices.size() && indices[end] == indices[end - 1] + 1;) ++end;
      const std::span<float> rows = out.subspan(begin * E, (end - begin) * E);
      bytes.resize(rows.size() * set_->type().bytes);
      set_->read_rows(static_cast<uint64_t>(indices[begin]), end - begin, bytes);
      to_floats(set_->source(), set_->type(), bytes, rows);
    }
  }

  std::shared_ptr<const Hdf5DataSet> set_;
  std::string name_;
};

}  // namespace

FeatureFile::FeatureFile(const std::string& path, FeatureNames names) {
  for (const auto& [name, place] : names) {
    if (std::find(known_names.begin(), known_names.end(), name) != known_names.end()) continue;
    fail<ConfigError>("--name: there is no '{}'; the names are {}.", name,
                      fmt::join(known_names, ", "));
  }
  content_ = std::make_shared<Content>(path, std::move(names));
}

bool FeatureFile::has(const std::string& name) const { return content_->has(name); }

std::string FeatureFile::described(const std::string& name) const {
  return content_->described(name);
}

std::shared_ptr<const FeatureRows> FeatureFile::rows(const std::string& name) const {
  return std::make_shared<FileRows>(content_->open(name, "floats", {Hdf5Type::Kind::floating}, 2),
                                    described(name));
}

std::vector<int32_t> FeatureFile::integers(const std::string& name) const {
  const auto set = content_->open(name, "integers", {Hdf5Type::Kind::integer}, 1);
  std::vector<int64_t> wide(set->elements());
  to_integers(set->source(), set->type(), set->read_all(), wide);
  for (size_t i = 0; i < wide.size(); ++i) {
    if (wide[i] == static_cast<int32_t>(wide[i])) continue;
    content_->refuse(name,
                     fmt::format("has the value {} in row {}, which is out of range", wide[i], i));
  }
  return {wide.begin(), wide.end()};
}

std::string FeatureFile::attribute(const std::string& name) const {
  return content_->attribute(name);
}

std::vector<std::string> FeatureFile::texts(const std::string& name) const {
  std::vector<std::string> texts = names(name);
  for (size_t i = 0; i < texts.size(); ++i) {
    if (const std::string_view fault = text_fault(texts[i]); !fault.empty()) {
      content_->refuse(name, fmt::format("has a text in row {} that {}", i, fault));
    }
  }
  return texts;
}

std::vector<std::string> FeatureFile::names(const std::string& name) const {
  using Kind = Hdf5Type::Kind;
  const auto set = content_->open(name, "texts", {Kind::text, Kind::text_reference}, 1);
  return read_texts(set->source(), set->type(), set->read_all());
}

bool is_feature_file(const std::string& path) {
  std::error_code code;
  return std::filesystem::is_regular_file(path, code) && has_hdf5_signature(path) &&
         !has_seal(path);
}

}  // namespace tandem
