// Every key that a config can have, once: its name, its place in the structs, what is allowed,
// and what it means. Reading, writing, the reference in configs/README.md and the search for the
// nearest known key are visitors over this table:
//   visitor.field(key, value, rule, meaning)     a number, text, boolean, or list of numbers
//   visitor.section(key, struct, meaning)        a map
//   visitor.list(key, vector, meaning)           a list of maps
#pragma once

#include "train/config/adapter_fields.h"
#include "train/config/model_fields.h"
#include "train/config/run_config.h"

namespace tandem {

template <class V>
void visit_fields(V& v, AugmentConfig& c) {
  v.field("scale", c.scale, above(0, 1),
          "random resized crop: least and largest share of the area kept");
  v.field("ratio", c.ratio, between(0.01, 100),
          "random resized crop: least and largest aspect ratio; used if `scale` is not [1, 1]");
  v.field("shift", c.shift, below(0, 1), "largest shift, as a share of the side");
  v.field("rotate", c.rotate, between(0, 180), "largest rotation in degrees");
  v.field("flip", c.flip, between(0, 1), "probability of a left-right flip");
  v.field("brightness", c.brightness, between(0, 10),
          "colour jitter: factor between 1 - v and 1 + v");
  v.field("contrast", c.contrast, between(0, 10), "likewise");
  v.field("saturation", c.saturation, between(0, 10), "likewise");
  v.field("hue", c.hue, between(0, 0.5), "colour jitter: largest shift of the hue, in turns");
  v.field("grayscale", c.grayscale, between(0, 1), "probability of losing all colour");
  v.field("erase", c.erase, between(0, 1), "probability of erasing a random rectangle");
}

template <class V>
void visit_fields(V& v, TokenizerConfig& c) {
  v.field("kind", c.kind, one_of({"bpe", "file"}),
          "`bpe`: byte-level BPE trained on the training captions; `file`: read from `file`");
  v.field("file", c.file, any(), "the tokenizer's file, for `kind: file`");
  v.field("vocab_size", c.vocab_size, between(514, 1 << 24),
          "`bpe`: tokens to train, at most `model.text_cfg.vocab_size`");
}

template <class V>
void visit_fields(V& v, CaptionField& c) {
  v.field("key", c.key, any(), "the column's or field's name");
  v.field("probability", c.probability, above(0, 1e6),
          "how often its captions are drawn, relative to the other fields that a sample has");
}

template <class V>
void visit_fields(V& v, TableFormat& c) {
  v.field("img_key", c.img_key, any(),
          "column or field of the picture's path (`image` unless given); in shards the extensions "
          "that are pictures, best first (`jpg;jpeg;png;webp`)");
  v.field("caption_key", c.caption_key, any(),
          "column or field of the captions (`caption`, or `captions`); in shards the extensions "
          "that hold them, best first (`json;txt`)");
  v.list("captions", c.captions,
         "several columns, fields of JSONL rows or of .json members, each with a probability");
  v.field("separator", c.separator, any(),
          "between the columns of a CSV, one character; tabs in .tsv, else commas");
  v.field("image_folder", c.image_folder, any(),
          "where relative paths of pictures begin; the table's folder unless given");
  v.field("class_names", c.class_names, any(),
          "a text file with a name a line: of the labels of IDX files from 0, or of the class "
          "folders in the order of their names");
  v.field("class_template", c.class_template, any(), "caption of a class; {} is its name");
}

template <class V>
void visit_fields(V& v, SourceConfig& c) {
  v.field("table", c.table, any(), "as `data.table`");
  v.section("format", c.format,
            "how `table` is read, with the keys that `data` has for it; as `data` says unless given");
  v.field("split", c.split, any(), "as `data.split`, which it is unless given");
  v.field("weight", c.weight, above(0, 1e6),
          "how often a sample is drawn against one of weight 1; needs `dataset_resampled`");
}

template <class V>
void visit_fields(V& v, DataConfig& c) {
  v.field("table", c.table, any(),
          "JSONL, CSV or TSV table, tar shards, class folders, COCO captions or IDX pictures");
  v.list("sources", c.sources, "several tables, in place of `table`");
  v.field("features", c.features, any(),
          "HDF5 file of features: what adapters on features learn from, in place of `table`; else "
          "they stand in for the image tower, which `lock_image` locks, and captions are the "
          "file's unless there is a `table`");
  v.section("few_shot", c.few_shot, "what adapters learn from, choose on and are tested on");
  visit_fields(v, c.format);
  v.field("split", c.split, any(), "rows of the table to train on; `all`: every row");
  v.field("unique_groups", c.unique_groups, any(), "no two samples of a batch share a group");
  v.field("dataset_resampled", c.dataset_resampled, any(),
          "draw samples with replacement, instead of each once an epoch");
  v.field("train_num_samples", c.train_num_samples, between(0, 4294967295.0),
          "samples of an epoch with `dataset_resampled`; 0: as many as there are");
  v.field("shuffle_buffer", c.shuffle_buffer, between(0, 4294967295.0),
          "shards in random order, their samples shuffled in a window of so many, for data that "
          "memory can't cache; 0: all samples are shuffled");
  v.field("workers", c.workers, between(1, 1024), "loader threads");
  v.field("mean", c.mean, between(-1000, 1000), "subtracted from red, green and blue in [0, 1]");
  v.field("std", c.std, above(0, 1000), "what they are then divided by");
  v.field("interpolation", c.interpolation, one_of({"bicubic", "bilinear"}),
          "how pictures are resized, antialiased as PIL does it");
  v.field("resize_mode", c.resize_mode, one_of({"shortest", "longest", "squash"}),
          "how they become squares: the shortest edge fits and the centre is cut, the longest fits "
          "and black is put around it, or both fit");
  v.field("alpha", c.alpha, one_of({"drop", "white"}),
          "transparent pictures: `drop` the alpha channel, or put them on `white`");
  v.field("max_pixels", c.max_pixels, between(1, 1e12),
          "pictures with more pixels are refused before decoding");
  v.field("reduced_jpeg", c.reduced_jpeg, any(),
          "training decodes JPEGs at 1/2, 1/4 or 1/8 of their size where that leaves twice the "
          "pixels that the model sees along each edge: faster, but not to the bit what PIL makes; "
          "evaluations decode all of them");
  v.field("first_caption", c.first_caption, between(0, 1),
          "share of samples that get their first caption; the others, any of theirs");
  v.field("max_bad_samples", c.max_bad_samples, between(0, 1e12),
          "unreadable pictures to train on that are skipped before the run stops; those of "
          "evaluations must all be readable");
  v.section("augment", c.augment, "random changes to a training picture; each is off by default");
  v.section("tokenizer", c.tokenizer, "how captions become tokens");
}

template <class V>
void visit_fields(V& v, GradScalerConfig& c) {
  v.field("init_scale", c.init_scale, between(1, 1e30), "what gradients are first multiplied by");
  v.field("growth_factor", c.growth_factor, above(1, 1e6), "the scale's growth");
  v.field("backoff_factor", c.backoff_factor,
          {.low = 0, .high = 1, .above_low = true, .below_high = true},
          "its change after a step with gradients that are not finite, which is skipped");
  v.field("growth_interval", c.growth_interval, between(1, 1 << 24),
          "steps with finite gradients until it grows");
}

template <class V>
void visit_fields(V& v, TrainConfig& c) {
  v.field("batch_size", c.batch_size, between(1, most_pairs),
          "pairs a step, or a micro-batch of it");
  v.field("accum_freq", c.accum_freq, between(1, most_pairs),
          "micro-batches of `batch_size` that make one step, in the memory of one: loss and gradients "
          "are those of the whole batch, for a second forward pass");
  v.field("epochs", c.epochs, between(1, 1e9), "passes over the training rows");
  v.field("steps", c.steps, between(0, 1e12),
          "stop after so many steps, if `epochs` do not end before; 0: after `epochs`");
  v.field("loss", c.loss, one_of({"clip", "siglip", "cross_entropy"}),
          "softmax contrastive loss, SigLIP's, or the cross entropy over the texts of all classes "
          "(`data.class_template` of the table's labels)");
  v.field("classes", c.classes, between(0, 1 << 20),
          "of `cross_entropy`; filled in when a run begins, so that only `tandem plan` needs it");
  v.field("optimizer", c.optimizer, one_of({"adamw", "sgd"}), "AdamW, or SGD with momentum");
  v.field("lr", c.lr, between(0, 1000), "largest learning rate");
  v.field("momentum", c.momentum, below(0, 1), "SGD's");
  v.field("wd", c.wd, between(0, 1000),
          "weight decay: AdamW's, or the factor of parameters in SGD's gradients; not on parameters "
          "with fewer than two axes");
  v.field("beta1", c.beta1, below(0, 1), "AdamW's beta 1");
  v.field("beta2", c.beta2, below(0, 1), "AdamW's beta 2");
  v.field("eps", c.eps, above(0, 1), "AdamW's epsilon");
  v.field("warmup", c.warmup, between(0, 1e12), "steps until `lr` is reached");
  v.field("warmup_epochs", c.warmup_epochs, between(0, 1e9),
          "first epochs at the constant rate `warmup_lr`, in place of `warmup`");
  v.field("warmup_lr", c.warmup_lr, between(0, 1000), "the rate in `warmup_epochs`");
  v.field("lr_scheduler", c.lr_scheduler,
          one_of({"cosine", "cosine-epochs", "const", "const-cooldown"}),
          "course of the learning rate after the warm-up; `cosine-epochs`: between epochs alone, as "
          "CoOp has it");
  v.field("epochs_cooldown", c.epochs_cooldown, between(0, 1e9),
          "`const-cooldown`: epochs of the last part");
  v.field("lr_cooldown_end", c.lr_cooldown_end, between(0, 1000),
          "`const-cooldown`: last learning rate");
  v.field("lr_cooldown_power", c.lr_cooldown_power, above(0, 100),
          "`const-cooldown`: power of the decay; 1 is linear");
  v.field("grad_clip_norm", c.grad_clip_norm, between(0, 1e12),
          "largest norm of all gradients together; 0: no clipping");
  v.field("label_smoothing", c.label_smoothing, below(0, 1),
          "of the `clip` loss, or of `cross_entropy`");
  v.list("param_groups", c.param_groups,
         "parameters with a learning rate or weight decay of their own; the first that matches");
  v.field("layer_decay", c.layer_decay, above(0, 1),
          "the learning rate of a block over that of the next, nearer to the embedding");
  v.field("lock_image", c.lock_image, any(), "freeze the image tower");
  v.field("lock_image_unlocked_groups", c.lock_image_unlocked_groups, between(0, 1026),
          "its last groups that are trained: the projection, the last block with `ln_post`, the "
          "blocks before it, the embeddings");
  v.field("lock_text", c.lock_text, any(), "freeze the text tower");
  v.field("lock_text_unlocked_layers", c.lock_text_unlocked_layers, between(0, 1026),
          "likewise: the projection, the last block with `ln_final`, ...");
  v.field("grad_checkpointing", c.grad_checkpointing, any(),
          "compute activations again in the backward pass, for less memory");
  v.section("grad_scaler", c.grad_scaler, "loss scaling, for `precision: fp16` alone");
  v.field("log_every_n_steps", c.log_every_n_steps, between(1, 1e12), "steps between log lines");
  v.field("on_nonfinite", c.on_nonfinite, one_of({"stop", "skip", "rollback"}),
          "where a loss or gradient norm is not finite: `stop` with the last checkpoint; `skip` "
          "the step (at most 10 in a row); or `rollback` to the newest checkpoint that was due, "
          "and go on with the data after the step's (at most 5 times)");
  v.field("checkpoint_every", c.checkpoint_every, any(),
          "a checkpoint every so many steps (`500`), after so much time (`90s`, `15min`, `2h`) or "
          "at the end of every `epoch`; one is always saved at the end of the run");
  v.field("keep_last", c.keep_last, between(1, 1e9), "newest checkpoints kept; older go");
  v.field("keep_every", c.keep_every, between(0, 1e12),
          "checkpoints of multiples of so many steps are never deleted; 0: none");
  v.field("keep_best", c.keep_best, any(),
          "evaluation and recall, as `seen_fluent/image_to_text_R@1`, or `validation/acc1` of few-shot "
          "training: the checkpoint with its highest value is saved and kept; needs "
          "`evaluate_every_n_epochs`");
}

template <class V>
void visit_fields(V& v, EvaluateConfig& c) {
  v.field("name", c.name, any(), "in metrics and reports; the split unless given");
  v.field("table", c.table, any(), "as `data.table`, which it is unless given");
  v.section("format", c.format,
            "how `table` is read, with the keys that `data` has for it; as `data.table` unless given");
  v.field("split", c.split, any(), "rows of the table to evaluate on; `all`: every row");
  v.field("captions", c.captions, one_of({"all", "first"}),
          "which captions of a picture take part");
}

template <class V>
void visit_fields(V& v, RunConfig& c) {
  v.field("name", c.name, any(), "of the folder in runs/; the file's name unless given");
  v.section("model", c.model, "the model, or the name of a file that holds it");
  v.section("adapter", c.adapter, "what is trained on top of a model, in place of the model");
  v.section("data", c.data, "what to train on");
  v.section("train", c.train, "how to train");
  v.list("evaluate", c.evaluate, "retrieval between the pictures and captions of splits");
  v.field("evaluate_every_n_epochs", c.evaluate_every_n_epochs, between(0, 1e9),
          "epochs between evaluations; 0: after the last only");
  v.field("device", c.device, any(),
          "`auto`, `cpu`, `vulkan`, or `vulkan:` and index, name or uuid");
  v.field("precision", c.precision, one_of({"fp32", "bf16", "fp16"}),
          "of matrix products; parameters, sums, norms and losses are always fp32");
  v.field("seed", c.seed, any(), "of all randomness");
}

}  // namespace tandem
