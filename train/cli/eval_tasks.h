// What `tandem eval` does besides retrieval by a model: classification on features.
#pragma once

#include "train/evaluate/probe_data.h"
#include "train/evaluate/probes.h"
#include "train/loaded_model.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace tandem {

struct TaskOptions {
  std::vector<std::string> tasks{"retrieval"};  // or "zeroshot", "linear", "knn"
  std::vector<std::string> splits;              // tested; empty: the whole of a set without splits
  std::string table;                            // checkpoints: empty: the run's
  TableFormat format;                           // of `table`
  std::string classes;                          // files of names
  std::vector<std::string> templates;           // and of prompts
  ProbeSplits probe;                            // all but `test`
  std::vector<int64_t> k;
  std::vector<double> temperatures{0.07};
  std::vector<double> weight_decays;
  bool json = false;

  bool has(const std::string& task) const;
};

// Runs the tasks but retrieval on features, prints each result unless `json`, and adds it to
// `document` as document[task][split]. `model`, which may be null, reads templates.
void run_probes(const TaskOptions& options, const FeatureSet& set, LoadedModel* model,
                Device& device, nlohmann::ordered_json& document);

// The same by a model's features of a table, kept in a temporary file meanwhile.
void run_probes(const TaskOptions& options, LoadedModel& model, Device& device,
                nlohmann::ordered_json& document);

}  // namespace tandem
