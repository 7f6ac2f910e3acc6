#include "train/config/check.h"

#include "core/error.h"
#include "train/best_metric.h"
#include "train/checkpoint_rule.h"
#include "train/config/checker.h"
#include "train/tuning/adaptation.h"

#include <algorithm>

namespace tandem {
namespace {

// `prefix` is "data." or an evaluation's.
void check_format(const TableFormat& format, const std::string& prefix, const Checker& checker) {
  checker.require(
      format.caption_key.empty() || format.captions.empty() ||
          format.caption_key.find("json") != std::string::npos,
      prefix + "captions",
      fmt::format("{0}caption_key and {0}captions are both set; keep one of them.", prefix));
  for (size_t i = 0; i < format.captions.size(); ++i) {
    const std::string key = fmt::format("{}captions.{}", prefix, i);
    checker.require(!format.captions[i].key.empty(), key,
                    key + ".key is not set; give the name of a column or field.");
  }
  const std::string& separator = format.separator;
  checker.require(separator.empty() || (separator.size() == 1 && separator != "\"" &&
                                        separator != "\n" && separator != "\r"),
                  prefix + "separator",
                  fmt::format("{}separator is '{}'; expected one character, not a quote or a "
                              "line end.",
                              prefix, separator));
  checker.require(format.class_template.find("{}") != std::string::npos, prefix + "class_template",
                  fmt::format("{}class_template is '{}'; it needs {{}} where the name stands.",
                              prefix, format.class_template));
}

void check_sources(const DataConfig& data, const Checker& checker) {
  if (data.sources.empty() && data.features.empty()) {
    checker.require(!data.table.empty(), "data.table",
                    "data.table is not set; give the table of pictures and captions.");
  }
  checker.require(data.table.empty() || data.sources.empty(), "data.sources",
                  "data.table and data.sources are both set; keep one of them.");
  for (size_t i = 0; i < data.sources.size(); ++i) {
    const std::string key = fmt::format("data.sources.{}", i);
    checker.require(!data.sources[i].table.empty(), key,
                    key + ".table is not set; give a table of pictures and captions.");
    check_format(data.sources[i].format, key + ".format.", checker);
    checker.require(data.dataset_resampled || data.sources[i].weight == 1, key + ".weight",
                    fmt::format("{}.weight is {}, but each sample comes once an epoch; set "
                                "data.dataset_resampled: true.",
                                key, data.sources[i].weight));
  }
}

void check_order(const DataConfig& data, const Checker& checker) {
  checker.require(data.train_num_samples == 0 || data.dataset_resampled, "data.train_num_samples",
                  "data.train_num_samples is set, but each sample comes once an epoch; set "
                  "data.dataset_resampled: true.");
  checker.require(data.shuffle_buffer == 0 || !data.dataset_resampled, "data.shuffle_buffer",
                  "data.shuffle_buffer has no meaning with data.dataset_resampled; set it to 0.");
}

void check_data(const DataConfig& data, int64_t model_vocabulary, const Checker& checker) {
  check_sources(data, checker);
  check_format(data.format, "data.", checker);
  check_order(data, checker);
  const AugmentConfig& augment = data.augment;
  checker.require(augment.scale[0] <= augment.scale[1], "data.augment.scale",
                  fmt::format("data.augment.scale is [{}, {}]; the first must not be the larger.",
                              augment.scale[0], augment.scale[1]));
  checker.require(augment.ratio[0] <= augment.ratio[1], "data.augment.ratio",
                  fmt::format("data.augment.ratio is [{}, {}]; the first must not be the larger.",
                              augment.ratio[0], augment.ratio[1]));
  const TokenizerConfig& tokenizer = data.tokenizer;
  if (tokenizer.kind == "file") {
    checker.require(
        !tokenizer.file.empty(), "data.tokenizer.kind",
        "data.tokenizer.kind is file, but data.tokenizer.file is not set; give its path.");
    return;
  }
  checker.require(
      tokenizer.vocab_size <= model_vocabulary, "data.tokenizer.vocab_size",
      fmt::format("data.tokenizer.vocab_size is {}, but the model has rows for {} tokens; "
                  "make it smaller, or model.text_cfg.vocab_size larger.",
                  tokenizer.vocab_size, model_vocabulary));
}

void check_train(const TrainConfig& train, const ClipConfig& model, const Checker& checker) {
  checker.require(train.step_pairs() <= most_pairs, "train.accum_freq",
                  fmt::format("train.accum_freq is {}, which makes steps of {} pairs; at most {} "
                              "are possible.",
                              train.accum_freq, train.step_pairs(), most_pairs));
  if (train.loss == "siglip") {
    checker.require(train.label_smoothing == 0, "train.label_smoothing",
                    "train.label_smoothing has no meaning with train.loss siglip; set it to 0.");
    checker.require(model.init_logit_bias.has_value(), "train.loss",
                    "train.loss siglip needs model.init_logit_bias, for example -10.");
  }
  checker.require(train.warmup_epochs < train.epochs, "train.warmup_epochs",
                  fmt::format("train.warmup_epochs is {}, which leaves none of {} epochs "
                              "(train.epochs) for train.lr; give fewer.",
                              train.warmup_epochs, train.epochs));
  if (train.lr_scheduler == "const-cooldown") {
    checker.require(train.epochs_cooldown >= 1 && train.epochs_cooldown <= train.epochs,
                    "train.epochs_cooldown",
                    fmt::format("train.epochs_cooldown is {}; const-cooldown needs from 1 to {} "
                                "(train.epochs).",
                                train.epochs_cooldown, train.epochs));
    checker.require(train.lr_cooldown_end <= train.lr, "train.lr_cooldown_end",
                    fmt::format("train.lr_cooldown_end is {}, more than train.lr {}.",
                                train.lr_cooldown_end, train.lr));
  }
}

// What can be trained where features stand in for the image tower.
void check_text_tower(const RunConfig& config, const Checker& checker) {
  const std::string& kind = config.adapter.kind;
  checker.require(kind == "none" || kind == "coop" || kind == "cocoop", "data.features",
                  fmt::format("data.features stands in for the image tower, into which {} reaches; "
                              "leave it out, or train the text tower, coop or cocoop.",
                              kind));
  checker.require(!config.adapter.base.empty(), "adapter.base",
                  "adapter.base is not set; give the model whose image tower data.features is by.");
  const TrainConfig& train = config.train;
  checker.require(kind != "none" || (train.lock_image && train.lock_image_unlocked_groups == 0),
                  "train.lock_image",
                  "data.features stands in for the whole image tower; set train.lock_image: true "
                  "and train.lock_image_unlocked_groups: 0.");
}

void check_adapter(const RunConfig& config, const Checker& checker) {
  const std::string& watched = config.data.few_shot.val_split;
  checker.require(!config.validates_classes() || watched != config.data.split,
                  "data.few_shot.val_split",
                  fmt::format("data.few_shot.val_split is {}, which is learnt; name another split.",
                              watched));
  if (config.trains_on_features()) return check_text_tower(config, checker);
  if (!config.adapter.on_features()) return;
  checker.require(config.data.features.empty() == !config.adapter.base.empty(), "adapter.base",
                  "an adapter on features needs data.features, or adapter.base and data.table; "
                  "give one of the two.");
  checker.require(config.data.features.empty() || config.data.table.empty(), "data.table",
                  "data.table and data.features are both set; keep one of them.");
  checker.require(config.data.sources.empty(), "data.sources",
                  "an adapter on features takes one data.table; leave data.sources out.");
  checker.require(config.train.accum_freq == 1, "train.accum_freq",
                  "an adapter on features has no use for train.accum_freq; set train.batch_size.");
}

void check_checkpoints(const RunConfig& config, const Checker& checker) {
  const TrainConfig& train = config.train;
  checker.require(parse_checkpoint_rule(train.checkpoint_every).has_value(),
                  "train.checkpoint_every",
                  fmt::format("train.checkpoint_every is '{}'; give steps (500), a time (90s, "
                              "15min, 2h) or epoch.",
                              train.checkpoint_every));
  if (train.keep_best.empty()) return;
  const std::optional<BestMetric> metric = parse_best_metric(train.keep_best);
  checker.require(metric.has_value(), "train.keep_best",
                  fmt::format("train.keep_best is '{}'; give an evaluation and a recall at 1, 5 or "
                              "10, for example test/image_to_text_R@1, or validation/acc1.",
                              train.keep_best));
  const bool of_classes = metric->of_classes() && config.validates_classes();
  const bool known =
      of_classes ? metric->evaluation == class_validation
                 : !metric->of_classes() &&
                       std::any_of(config.evaluate.begin(), config.evaluate.end(),
                                   [&](const EvaluateConfig& one) {
                                     return metric->evaluation ==
                                            (one.name.empty() ? one.split : one.name);
                                   });
  checker.require(known, "train.keep_best",
                  fmt::format("train.keep_best is '{}', but the run has no such evaluation.",
                              train.keep_best));
  checker.require(config.evaluate_every_n_epochs > 0, "train.keep_best",
                  "train.keep_best needs evaluations during training; set "
                  "evaluate_every_n_epochs to 1 or more.");
}

void check_evaluations(const RunConfig& config, const Checker& checker) {
  const std::vector<EvaluateConfig>& evaluations = config.evaluate;
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const EvaluateConfig& one = evaluations[i];
    const std::string key = fmt::format("evaluate.{}", i);
    checker.require(!one.split.empty(), key,
                    key + ".split is not set; give the split of the table to evaluate on.");
    const bool features = config.trains_on_features();
    checker.require(features || !one.table.empty() || !config.data.table.empty(), key,
                    key + ".table is not set, and with data.sources there is no other; give one.");
    check_format(one.format, key + ".format.", checker);
    checker.require(
        is_name(one.name), key,
        fmt::format("{}.name is '{}'; use letters, digits, '.', '_' and '-'.", key, one.name));
    checker.require(!config.validates_classes() || one.name != class_validation, key,
                    fmt::format("{}.name is '{}', as that of the few-shot pictures to choose on; "
                                "give it another.",
                                key, one.name));
    const bool twice =
        std::any_of(evaluations.begin(), evaluations.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const EvaluateConfig& other) { return other.name == one.name; });
    checker.require(!twice, key,
                    fmt::format("{}.name is '{}', as another evaluation's; give it one of its own.",
                                key, one.name));
  }
}

}  // namespace

bool is_name(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= 100 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), good);
}

void check_run(const RunConfig& config, const Places& places, const std::string& source) {
  const Checker checker(places, source);
  checker.require(is_name(config.name), "name",
                  fmt::format("name is '{}'; it becomes a folder, so use letters, digits, '.', '_' "
                              "and '-'.",
                              config.name));
  check_model(config.model, "model.", places, source);
  check_data(config.data, config.model.text_cfg.vocab_size, checker);
  check_train(config.train, config.model, checker);
  check_adapter(config, checker);
  if (const auto problem = tuning_problem(config)) {
    checker.require(false, problem->key, problem->message);
  }
  check_checkpoints(config, checker);
  check_evaluations(config, checker);
  checker.require(!config.device.empty(), "device", "device is empty; give auto, cpu or vulkan.");
}

}  // namespace tandem
