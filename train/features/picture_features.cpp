#include "train/features/picture_features.h"

#include "core/error.h"
#include "train/features/feature_set.h"
#include "train/snapshot.h"

#include <filesystem>

namespace tandem {
namespace {

const std::string& existing(const std::string& path) {
  if (std::filesystem::is_regular_file(path)) return path;
  fail<ConfigError>("data.features is {}, where there is no file; `tandem embed` writes it.", path);
}

}  // namespace

PictureFeatures::PictureFeatures(const RunConfig& config)
    : path_(existing(config.data.features)),
      file_(path_),
      values_(keep_if_small(file_.rows("image_features"))) {
  if (values_->width() != config.model.embed_dim) {
    fail<ConfigError>("{}: has features of width {}, but model.embed_dim is {}; give those of the "
                      "base.",
                      path_, values_->width(), config.model.embed_dim);
  }
  const std::vector<std::string> names = names_of("image_ids");
  for (size_t i = 0; i < names.size(); ++i) row_of_.emplace(names[i], static_cast<int64_t>(i));
}

std::vector<std::string> PictureFeatures::names_of(const std::string& name) const {
  if (!file_.has(name)) return {};
  std::vector<std::string> texts = file_.names(name);
  if (std::ssize(texts) == values_->rows()) return texts;
  fail<DataError>("{} has {} rows; image_features has {}, and both must be as long.",
                  file_.described(name), texts.size(), values_->rows());
}

void PictureFeatures::check_base(const BaseModel& base, const RunConfig& config) const {
  const std::string tower = file_.attribute("image_tower_sha256");
  if (tower.empty()) {
    fail<ConfigError>("{}: does not say by which image tower it was made; write it with `tandem "
                      "embed`.",
                      path_);
  }
  if (tower != image_tower_hash(base.tensors, config.model)) {
    fail<ConfigError>("{}: is by the image tower of {}, not by that of {}; embed the pictures with "
                      "the base.",
                      path_, file_.attribute("checkpoint"), base.path);
  }
  const std::string prepared = file_.attribute("preprocessing");
  if (prepared == preprocessing(config)) return;
  fail<ConfigError>("{}: its pictures were prepared as {}, but the config says {}; make them equal.",
                    path_, prepared, preprocessing(config));
}

std::vector<TableRow> PictureFeatures::rows_of_split(const std::string& split) const {
  const FeatureSet set = read_feature_set(path_);
  if (!file_.has("captions") || set.caption_image.empty()) {
    fail<ConfigError>("{}: has no captions; embed the pictures with them, or give their table as "
                      "data.table.",
                      path_);
  }
  std::vector<TableRow> rows(static_cast<size_t>(values_->rows()));
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].line = rows[i].feature = static_cast<int64_t>(i);
    if (!set.splits.empty()) rows[i].split = set.splits[i];
    if (!set.labels.empty() && set.labels[i] >= 0) rows[i].label = set.class_name(set.labels[i]);
  }
  for (const auto& [name, row] : row_of_) rows[static_cast<size_t>(row)].image = name;
  const std::vector<std::string> captions = file_.texts("captions");
  if (captions.size() != set.caption_image.size()) {
    fail<DataError>("{}: has {} captions, but the pictures of {}.", path_, captions.size(),
                    set.caption_image.size());
  }
  for (size_t i = 0; i < captions.size(); ++i) {
    rows[static_cast<size_t>(set.caption_image[i])].captions.push_back(captions[i]);
  }
  std::erase_if(rows, [](const TableRow& row) { return row.captions.empty(); });
  const std::vector<std::string> groups = names_of("groups");
  for (TableRow& row : rows) {
    if (!groups.empty()) row.group = groups[static_cast<size_t>(row.feature)];
  }
  return tandem::rows_of_split({path_, std::move(rows)}, split);
}

void PictureFeatures::join(std::vector<TableRow>& rows) const {
  for (TableRow& row : rows) {
    const auto found = row_of_.find(row.image);
    if (found == row_of_.end()) {
      fail<ConfigError>("{}: has no features of {} (row {} of the table); embed that table.", path_,
                        row.image, row.line);
    }
    row.feature = found->second;
  }
}

}  // namespace tandem
