// Writes a model's weights for others, and for Tandem.
#pragma once

#include "train/weights/model_weights.h"

namespace tandem {

// By the path's end:
//   .safetensors  f32 tensors in the layout asked for; metadata "format": "pt" and "tandem.model",
//                 the model as YAML, so that it is read back without guessing
//   .h5           a Tandem checkpoint with the model alone, and attributes config, activation and,
//                 where the vocabulary is CLIP's or was in the source, tokenizer
// Values are not changed. Throws ConfigError for another ending, or a layout that a checkpoint does
// not have; CheckpointError if the file can't be written.
void write_model_weights(const std::string& path, const ModelWeights& weights, Layout layout);

// The tokenizer that a checkpoint of these gets: the one given, the source's, or CLIP's where the
// vocabulary is as large; empty if none is known.
std::string tokenizer_of(const ModelWeights& weights);

}  // namespace tandem
