#include "train/evaluate/evaluate.h"

#include "train/text/model_tokens.h"

#include <algorithm>

namespace tandem {

namespace {

void append(std::vector<float>& to, const std::vector<float>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::vector<TableRow> rows_of(const EvaluateConfig& evaluate, const DataConfig& data,
                              const PictureFeatures* features) {
  const std::string& table = evaluate.table.empty() ? data.table : evaluate.table;
  if (features && table.empty()) return features->rows_of_split(evaluate.split);
  const Table read = read_table(table, format_of(evaluate.format, data), nullptr,
                                features ? Pictures::named : Pictures::read);
  std::vector<TableRow> rows = rows_of_split(read, evaluate.split);
  if (features) features->join(rows);
  return rows;
}

}  // namespace

std::vector<float> encode_pictures(EvalSet& set, Encoder& encoder) {
  if (!set.has_pictures()) return set.features();
  std::vector<float> features, pixels;
  for (int64_t begin = 0; begin < set.pictures(); begin += encoder.chunk()) {
    set.pixels(begin, std::min(encoder.chunk(), set.pictures() - begin), pixels);
    append(features, encoder.images(pixels));
  }
  return features;
}

std::string name_of(const EvaluateConfig& evaluate) {
  return evaluate.name.empty() ? evaluate.split : evaluate.name;
}

std::unique_ptr<EvalSet> open_split(const EvaluateConfig& evaluate, const DataConfig& data,
                                    const ClipConfig& model, const Tokenizer& tokenizer,
                                    const PictureFeatures* features) {
  std::vector<TableRow> rows = rows_of(evaluate, data, features);
  if (evaluate.captions == "first") {
    for (TableRow& row : rows) row.captions.resize(1);
  }
  return open_rows(std::move(rows), data, model, tokenizer, features);
}

std::unique_ptr<EvalSet> open_rows(std::vector<TableRow> rows, const DataConfig& data,
                                   const ClipConfig& model, const Tokenizer& tokenizer,
                                   const PictureFeatures* features) {
  const Tokenize tokenize = [&](const std::string& caption) {
    return model_tokens(tokenizer, caption, model);
  };
  auto set =
      std::make_unique<EvalSet>(std::move(rows), data, model.vision_cfg.image_size, tokenize);
  if (features) {
    set->use_features(features->values());
  } else {
    set->check_files();
  }
  return set;
}

Evaluation evaluate(EvalSet& set, Encoder& encoder) {
  Evaluation evaluation;
  evaluation.images = encode_pictures(set, encoder);
  std::vector<int32_t> ids;
  for (int64_t begin = 0; begin < set.captions(); begin += encoder.chunk()) {
    set.tokens(begin, std::min(encoder.chunk(), set.captions() - begin), ids);
    append(evaluation.texts, encoder.texts(ids));
  }
  evaluation.result = evaluate_retrieval({.images = evaluation.images,
                                          .texts = evaluation.texts,
                                          .width = encoder.embed_dim(),
                                          .image_of_text = set.picture_of()});
  return evaluation;
}

}  // namespace tandem
