#include "train/features/embed.h"

#include "core/error.h"
#include "train/data/eval_set.h"
#include "train/features/classes.h"
#include "train/features/feature_writer.h"
#include "train/snapshot.h"
#include "train/text/model_tokens.h"
#include "train/tuning/base_model.h"
#include "train/weights/load.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace tandem {
namespace {

EvalSet open_rows(std::vector<TableRow> rows, const EmbedRequest& request,
                  const LoadedModel& model) {
  if (request.captions != "all") {
    for (TableRow& row : rows) row.captions.resize(1);
  }
  const Tokenize tokenize = [&model](const std::string& caption) {
    return model_tokens(*model.tokenizer, caption, model.config.model);
  };
  return EvalSet(std::move(rows), model.config.data, model.config.model.vision_cfg.image_size,
                 tokenize, 0);
}

void write_rows(const EvalSet& set, FeatureWriter& file) {
  std::vector<std::string> splits, images, groups;
  for (const TableRow& row : set.rows()) {
    splits.push_back(row.split);
    images.push_back(row.image);
    groups.push_back(row.group);
  }
  file.texts("split", splits);
  file.texts("image_ids", images);
  const bool grouped = std::any_of(groups.begin(), groups.end(),
                                   [](const std::string& group) { return !group.empty(); });
  if (grouped) file.texts("groups", groups);
}

void write_pictures(EvalSet& set, Encoder& encoder, FeatureWriter& file) {
  file.begin_rows("image_features", set.pictures(), encoder.embed_dim());
  std::vector<float> pixels;
  for (int64_t begin = 0; begin < set.pictures(); begin += encoder.chunk()) {
    set.pixels(begin, std::min(encoder.chunk(), set.pictures() - begin), pixels);
    file.append(encoder.images(pixels));
  }
}

void write_captions(const EvalSet& set, Encoder& encoder, FeatureWriter& file) {
  file.begin_rows("text_features", set.captions(), encoder.embed_dim());
  std::vector<int32_t> ids;
  for (int64_t begin = 0; begin < set.captions(); begin += encoder.chunk()) {
    set.tokens(begin, std::min(encoder.chunk(), set.captions() - begin), ids);
    file.append(encoder.texts(ids));
  }
  file.integers("caption_image", {set.picture_of().begin(), set.picture_of().end()});
  std::vector<std::string> captions;
  for (int64_t i = 0; i < set.captions(); ++i) captions.push_back(set.caption(i));
  file.texts("captions", captions);
}

// Adds the sum of some rows [n, E], scaled to unit length.
void append_direction(std::span<const float> rows, size_t E, std::vector<float>& to) {
  std::vector<double> sum(E);
  for (size_t i = 0; i < rows.size(); ++i) sum[i % E] += rows[i];
  double squares = 0;
  for (const double value : sum) squares += value * value;
  for (const double value : sum) to.push_back(static_cast<float>(value / std::sqrt(squares)));
}

}  // namespace

std::vector<TableRow> rows_to_embed(const EmbedRequest& request, const Table& table) {
  if (request.splits.empty()) return table.rows;
  std::vector<TableRow> rows;
  for (const std::string& split : request.splits) {
    const std::vector<TableRow> more = rows_of_split(table, split);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  for (const std::string& split : request.more_splits) {
    std::copy_if(table.rows.begin(), table.rows.end(), std::back_inserter(rows),
                 [&](const TableRow& row) { return row.split == split; });
  }
  return rows;
}

void embed(const EmbedRequest& request, LoadedModel& model, const std::string& out) {
  const std::string& path = request.table.empty() ? model.config.data.table : request.table;
  if (path.empty()) {
    fail<ConfigError>("{}: the run has no table of its own; name one with --table.", model.path);
  }
  std::vector<TableRow> rows =
      rows_to_embed(request, read_table(path, format_of(request.format, model.config.data)));
  const std::vector<std::string> classes =
      request.classes.empty() ? classes_of(rows) : request.classes;
  FeatureWriter file(out);
  file.attribute("format", "tandem-features");
  file.attribute("checkpoint", model.path);
  file.attribute("table", path);
  file.attribute("image_tower_sha256",
                 image_tower_hash(save_parameters(*model.variables), model.config.model));
  file.attribute("preprocessing", preprocessing(model.config));
  file.texts("class_names", classes);
  if (!classes.empty()) file.integers("labels", class_labels(rows, classes, path));
  if (!classes.empty() && !request.templates.empty()) {
    file.begin_rows("class_text_features", static_cast<int64_t>(classes.size()),
                    model.encoder->embed_dim());
    file.append(class_texts(classes, request.templates, model));
  }
  EvalSet set = open_rows(std::move(rows), request, model);
  write_rows(set, file);
  write_pictures(set, *model.encoder, file);
  if (request.captions != "none") write_captions(set, *model.encoder, file);
  file.finish();
}

std::vector<float> class_texts(const std::vector<std::string>& classes,
                               const std::vector<std::string>& templates, LoadedModel& model) {
  const auto E = static_cast<size_t>(model.encoder->embed_dim());
  // Prompts of several classes together fill the encoder's chunks.
  const size_t group = std::max<size_t>(1, 1024 / templates.size());
  std::vector<float> features;
  for (size_t first = 0; first < classes.size(); first += group) {
    const size_t last = std::min(first + group, classes.size());
    std::vector<int32_t> ids;
    for (size_t c = first; c < last; ++c) {
      for (const std::string& text : templates) {
        const auto more = class_tokens(*model.tokenizer, text, classes[c], model.config.model,
                                       static_cast<int64_t>(c));
        ids.insert(ids.end(), more.begin(), more.end());
      }
    }
    const std::vector<float> prompts = model.encoder->texts(ids);
    for (size_t c = 0; c < last - first; ++c) {
      const size_t values = templates.size() * E;
      append_direction(std::span(prompts).subspan(c * values, values), E, features);
    }
  }
  return features;
}

}  // namespace tandem
