// Features of a table by a base model, computed once and kept.
#pragma once

#include "train/config/run_config.h"
#include "train/features/feature_set.h"
#include "train/loaded_model.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace tandem {

// The features that an adapter works on: of the file that data.features names, or of data.table by
// the model of adapter.base.
class AdapterFeatures {
 public:
  // Features by a base lie in `cache`/<hash>.h5, whose name depends on the base's bytes, the rows
  // of the table and the prompts; if it is not there it is made, and `say` hears of it. Throws
  // ConfigError for a base that is not there, and what embed and read_feature_set throw.
  AdapterFeatures(const RunConfig& config, const std::filesystem::path& cache, Device& device,
                  const std::function<void(const std::string&)>& say);

  const FeatureSet& set() const { return set_; }

  // [rows, E] unit features of those rows of the set, each the mean over adapter.augment_passes
  // random changes of its picture as data.augment has them. The changes depend on the seed, the
  // pass and the row alone. Needs a base.
  std::shared_ptr<const FeatureRows> augmented(const std::vector<int64_t>& rows);

 private:
  LoadedModel& model();

  const RunConfig& config_;
  Device& device_;
  std::unique_ptr<LoadedModel> model_;
  FeatureSet set_;
};

}  // namespace tandem
