// HDF5 files of precomputed features, as `tandem embed` and others write them. Of these data sets
// a task reads what it needs:
//
//   image_features       float [N, E]    any float type, compressed or not
//   labels               integer [N]     class of each picture, -1 for none
//   split                string [N]      "train", "test", ...; without it all are one split
//   class_names          string [K]
//   class_text_features  float [K, E]
//   text_features        float [M, E]    of captions
//   caption_image        integer [M]     the picture of each
//   captions             string [M]      themselves
//   image_ids            string [N]      as tables name the pictures
//   groups               string [N]      as tables have them
#pragma once

#include "train/features/feature_rows.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tandem {

// Where a file has other names than those above: ours -> the file's.
using FeatureNames = std::map<std::string, std::string>;

class FeatureFile {
 public:
  // Throws ConfigError for a name of ours that does not exist, CheckpointError for a file that is
  // not HDF5. Links, data in other files and sizes that the file can't hold are refused when read.
  explicit FeatureFile(const std::string& path, FeatureNames names = {});

  bool has(const std::string& name) const;
  std::string described(const std::string& name) const;  // "a.h5: image_features"

  // A float data set [rows, width]; it shares the open file. Throws DataError for another one.
  std::shared_ptr<const FeatureRows> rows(const std::string& name) const;

  // A text attribute of the file; empty where there is none.
  std::string attribute(const std::string& name) const;

  // Whole data sets of one axis. Throw DataError for another type, shape or value range, and for
  // texts that are not UTF-8. Names of files and groups may have any bytes.
  std::vector<int32_t> integers(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;
  std::vector<std::string> names(const std::string& name) const;

  class Content;

 private:
  std::shared_ptr<Content> content_;
};

// Whether a file is HDF5 and does not begin as a checkpoint: then it is taken for one of features.
bool is_feature_file(const std::string& path);

}  // namespace tandem
