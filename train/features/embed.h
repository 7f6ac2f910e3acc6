// The features of a table's pictures and texts, by a trained model, as a file.
#pragma once

#include "train/data/table.h"
#include "train/loaded_model.h"

#include <string>
#include <vector>

namespace tandem {

struct EmbedRequest {
  std::string table;                   // empty: the one the model was trained on
  TableFormat format;                  // of `table`; the run's unless some of it is given
  std::vector<std::string> splits;     // empty: all of the table
  std::vector<std::string> more_splits;  // after those, of which the table need not have any
  std::string captions = "all";        // "all" of a picture, its "first", or "none"
  std::vector<std::string> classes;    // names; empty: the labels of the splits, sorted
  std::vector<std::string> templates;  // prompts for the classes; empty: no class_text_features
};

// The rows of every split asked for, one split after another: those that embed() writes, in order.
std::vector<TableRow> rows_to_embed(const EmbedRequest& request, const Table& table);

// Writes what train/features/feature_file.h lists, and as attributes the image tower that made it
// (image_tower_hash) and the preprocessing. Pictures are read and written a chunk at a time. Throws
// ConfigError for a split that is not there, DataError for a label that is no class and a picture
// that can't be read.
void embed(const EmbedRequest& request, LoadedModel& model, const std::string& out);

// [K, E] of unit length: of each class the mean of its prompts' unit features (Radford et al.
// 2021, section 3.1.4).
std::vector<float> class_texts(const std::vector<std::string>& classes,
                               const std::vector<std::string>& templates, LoadedModel& model);

}  // namespace tandem
