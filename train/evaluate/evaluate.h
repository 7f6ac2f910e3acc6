// Retrieval between the pictures and captions of a table's split, by a trained model.
#pragma once

#include "train/config/run_config.h"
#include "train/data/eval_set.h"
#include "train/encoder.h"
#include "train/evaluate/retrieval.h"
#include "train/features/picture_features.h"
#include "train/text/tokenizer.h"

#include <memory>
#include <string>
#include <vector>

namespace tandem {

// Features of a split and what they find.
struct Evaluation {
  std::vector<float> images;           // [pictures, E], unit length
  std::vector<float> texts;            // [captions, E], unit length
  RetrievalResult result;
};

// "name", or the split's name without one.
std::string name_of(const EvaluateConfig& evaluate);

// The split's pictures and captions, made ready for the model. `tokenizer` must outlive the set.
// With `features`, which may be null, these stand in for the pictures, and their file for a table
// that is not named. Throws ConfigError for a split that is not there, and as check_files() does.
std::unique_ptr<EvalSet> open_split(const EvaluateConfig& evaluate, const DataConfig& data,
                                    const ClipConfig& model, const Tokenizer& tokenizer,
                                    const PictureFeatures* features = nullptr);

// The same of rows that were read before.
std::unique_ptr<EvalSet> open_rows(std::vector<TableRow> rows, const DataConfig& data,
                                   const ClipConfig& model, const Tokenizer& tokenizer,
                                   const PictureFeatures* features);

// [pictures, E], unit length: by the encoder, or the features that stand in for the pictures.
// Throws DataError for a picture that can't be read.
std::vector<float> encode_pictures(EvalSet& set, Encoder& encoder);

// Throws as encode_pictures() does.
Evaluation evaluate(EvalSet& set, Encoder& encoder);

}  // namespace tandem
