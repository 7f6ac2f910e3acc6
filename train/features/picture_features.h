// Features in place of pictures: what a locked image tower gives, computed once by `tandem embed`
// (Zhai et al. 2022, LiT, trains a text tower against such).
#pragma once

#include "train/data/table.h"
#include "train/features/feature_file.h"
#include "train/tuning/base_model.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace tandem {

class PictureFeatures {
 public:
  // Opens data.features. Throws ConfigError where there is no such file or its features are not as
  // wide as the model's embeddings, DataError where it is damaged.
  explicit PictureFeatures(const RunConfig& config);

  // Throws ConfigError unless the features are by the base's image tower, of pictures that were
  // prepared as the config says.
  void check_base(const BaseModel& base, const RunConfig& config) const;

  // The rows of a split ("all": every row) with the captions, groups and labels that the file has.
  // Throws ConfigError for a file without captions and a split that is not there.
  std::vector<TableRow> rows_of_split(const std::string& split) const;

  // Finds the features of a table's rows by the names of their pictures. Throws ConfigError where
  // a row has none.
  void join(std::vector<TableRow>& rows) const;

  // [N, E], of unit length; in memory where they are not too large for it.
  const std::shared_ptr<const FeatureRows>& values() const { return values_; }

 private:
  std::vector<std::string> names_of(const std::string& name) const;  // [N], or none

  std::string path_;
  FeatureFile file_;
  std::shared_ptr<const FeatureRows> values_;
  std::unordered_map<std::string, int64_t> row_of_;  // by the picture's name
};

}  // namespace tandem
