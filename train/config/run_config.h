// One run, as one YAML file describes it (docs in configs/README.md). Plain values only: the
// reader in train/config/read.h fills them in and refuses what is not possible.
#pragma once

#include "models/clip_config.h"
#include "train/config/adapter_config.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tandem {

// Random changes to a training picture, in this order. Every one is off at its default.
struct AugmentConfig {
  std::array<double, 2> scale{1.0, 1.0};  // random resized crop: share of the area kept
  std::array<double, 2> ratio{3.0 / 4, 4.0 / 3};  // its aspect ratio, if scale is not [1, 1]
  double shift = 0.0;       // largest shift, a share of the side, filled with the background
  double rotate = 0.0;      // largest rotation, degrees
  double flip = 0.0;        // probability of a left-right flip
  double brightness = 0.0;  // colour jitter as in torchvision: factor in [1 - v, 1 + v]
  double contrast = 0.0;
  double saturation = 0.0;
  double hue = 0.0;         // in [0, 0.5]
  double grayscale = 0.0;   // probability of losing all colour
  double erase = 0.0;       // probability of a random erased rectangle

  bool operator==(const AugmentConfig&) const = default;
};

struct TokenizerConfig {
  std::string kind = "bpe";  // "bpe": byte-level BPE trained on the training captions;
                             // "file": read from `file`
  std::string file;
  int64_t vocab_size = 4096;  // bpe: the size to train to, at most the model's vocab_size

  bool operator==(const TokenizerConfig&) const = default;
};

// A field that holds captions, and how often they are drawn.
struct CaptionField {
  std::string key;
  double probability = 1.0;

  bool operator==(const CaptionField&) const = default;
};

// How the rows of a table are read; what is empty has a default for each kind (train/data/README).
struct TableFormat {
  std::string img_key;                 // column, field, or extensions in shards
  std::string caption_key;             // likewise
  std::vector<CaptionField> captions;  // columns or JSON fields, in place of caption_key
  std::string separator;               // of CSV columns, one byte
  std::string image_folder;            // where relative paths of pictures begin
  std::string class_names;             // a file with a name a line, in the order of the labels
  std::string class_template = "{}";   // the caption of a class

  bool operator==(const TableFormat&) const = default;
};

// One of several tables to train on.
struct SourceConfig {
  std::string table;
  TableFormat format;   // data's unless some of it is given
  std::string split;    // empty: data.split
  double weight = 1.0;  // how often a sample is drawn against one of weight 1

  bool operator==(const SourceConfig&) const = default;
};

struct DataConfig {
  std::string table;                  // any kind that train/data/README.md lists
  std::vector<SourceConfig> sources;  // in place of table
  std::string features;               // precomputed, in place of pictures
  FewShotConfig few_shot;
  TableFormat format;
  std::string split = "train";  // rows of the table to train on
  bool unique_groups = true;    // no two samples of a batch share a group
  bool dataset_resampled = false;  // samples are drawn with replacement
  int64_t train_num_samples = 0;   // drawn in an epoch; 0: as many as there are
  int64_t shuffle_buffer = 0;      // shards are read in random order through it; 0: full shuffle
  int64_t workers = 2;          // loader threads
  std::array<double, 3> mean{0.48145466, 0.4578275, 0.40821073};
  std::array<double, 3> std{0.26862954, 0.26130258, 0.27577711};
  std::string interpolation = "bicubic";  // or "bilinear", antialiased as PIL's
  std::string resize_mode = "shortest";   // how pictures become squares: or "longest" or "squash"
  std::string alpha = "drop";   // "drop" (as PIL's convert) or "white": what is behind a picture
  int64_t max_pixels = 100'000'000;  // larger pictures are refused before decoding
  bool reduced_jpeg = true;     // large JPEGs are decoded at 1/2, 1/4 or 1/8 of their size
  double first_caption = 0.0;   // share of samples that take their first caption for sure
  int64_t max_bad_samples = 0;  // unreadable pictures skipped before the run stops
  AugmentConfig augment;
  TokenizerConfig tokenizer;

  bool operator==(const DataConfig&) const = default;
};

// Dynamic loss scaling of fp16, with the names of PyTorch's GradScaler.
struct GradScalerConfig {
  double init_scale = 65536;
  double growth_factor = 2;
  double backoff_factor = 0.5;
  int64_t growth_interval = 2000;  // steps with finite gradients

  bool operator==(const GradScalerConfig&) const = default;
};

inline constexpr int64_t most_pairs = 1 << 20;  // that a step can take

struct TrainConfig {
  int64_t batch_size = 128;
  int64_t accum_freq = 1;  // micro-batches of batch_size that make one step
  int64_t epochs = 32;
  int64_t steps = 0;  // stop after so many steps; 0: after `epochs`
  std::string loss = "clip";  // "clip", "siglip" or "cross_entropy" over the classes' texts
  int64_t classes = 0;  // of "cross_entropy"; those of the data, once a run has begun
  std::string optimizer = "adamw";  // or "sgd"
  double lr = 5e-4;
  double momentum = 0.9;  // sgd
  double wd = 0.2;  // not on parameters with fewer than two axes
  double beta1 = 0.9;
  double beta2 = 0.98;
  double eps = 1e-6;
  int64_t warmup = 2000;      // steps
  int64_t warmup_epochs = 0;  // in their place, at the constant rate warmup_lr
  double warmup_lr = 1e-5;
  std::string lr_scheduler = "cosine";  // "cosine", "cosine-epochs", "const", "const-cooldown"
  int64_t epochs_cooldown = 0;          // const-cooldown: length of the last part
  double lr_cooldown_end = 0.0;
  double lr_cooldown_power = 1.0;
  double grad_clip_norm = 0.0;  // 0: no clipping
  double label_smoothing = 0.0;
  std::vector<ParamGroupConfig> param_groups;
  double layer_decay = 1.0;  // factor of the learning rate from a block to the one before
  bool lock_image = false;   // freeze the image tower, save for its last groups
  int64_t lock_image_unlocked_groups = 0;
  bool lock_text = false;
  int64_t lock_text_unlocked_layers = 0;
  bool grad_checkpointing = false;
  GradScalerConfig grad_scaler;
  int64_t log_every_n_steps = 10;
  std::string on_nonfinite = "stop";       // a loss or gradient: "stop", "skip" or "rollback"
  std::string checkpoint_every = "epoch";  // "500" steps, "90s", "15min", "2h" or "epoch"
  int64_t keep_last = 3;                   // newest checkpoints kept
  int64_t keep_every = 0;                  // also kept: those of multiples of so many steps
  std::string keep_best;                   // also kept: that with the most of this metric

  bool operator==(const TrainConfig&) const = default;

  // N of a step.
  int64_t step_pairs() const { return batch_size * accum_freq; }
};

// The name of what few-shot training is watched on, in metrics and reports.
inline constexpr const char* class_validation = "validation";

// One evaluation: retrieval between the pictures and captions of a split.
struct EvaluateConfig {
  std::string name;   // in metrics and reports
  std::string table;  // empty: the training table
  std::string split;
  TableFormat format;   // of `table`; data's unless some of it is given
  std::string captions = "all";  // "all" of a picture, or its "first" alone

  bool operator==(const EvaluateConfig&) const = default;
};

struct RunConfig {
  std::string name;  // of the folder in runs/; the config's file stem unless given
  ClipConfig model;
  AdapterConfig adapter;
  DataConfig data;
  TrainConfig train;
  std::vector<EvaluateConfig> evaluate;
  int64_t evaluate_every_n_epochs = 0;  // 0: after the last
  std::string device = "auto";
  std::string precision = "fp32";  // "fp32", "bf16" or "fp16"
  uint64_t seed = 0;

  bool operator==(const RunConfig&) const = default;

  // Whether features stand in for the image tower while other parts of the model are trained.
  bool trains_on_features() const { return !data.features.empty() && !adapter.on_features(); }

  // Whether training is watched on few-shot pictures that are drawn or named beside those learnt.
  bool validates_classes() const {
    const FewShotConfig& few = data.few_shot;
    return train.loss == "cross_entropy" && (few.shots > 0 || !few.val_split.empty());
  }

  // Whether a checkpoint holds what is trained alone, beside the base.
  bool saves_part() const { return adapter.in_model() || trains_on_features(); }
};

}  // namespace tandem
