#include "train/adapters/base_features.h"

#include "core/error.h"
#include "core/sha256.h"
#include "train/checkpoint/checkpoint_folder.h"
#include "train/checkpoint/file.h"
#include "train/data/augment.h"
#include "train/features/embed.h"
#include "train/text/prompts.h"

#include <algorithm>

namespace tandem {
namespace {

namespace fs = std::filesystem;

EmbedRequest request_of(const RunConfig& config) {
  EmbedRequest request{.table = config.data.table};
  const FewShotConfig& few = config.data.few_shot;
  for (const std::string& split : {config.data.split, few.val_split, few.test_split}) {
    const auto& known = request.splits;
    if (split.empty() || std::find(known.begin(), known.end(), split) != known.end()) continue;
    request.splits.push_back(split);
  }
  request.captions = config.adapter.kind == "projection" ? "all" : "none";
  request.templates = config.adapter.templates.empty()
                          ? std::vector<std::string>{"a photo of a {}."}
                          : read_templates(config.adapter.templates);
  return request;
}

void add_file(Sha256& hash, const std::string& path) {
  const InputFile file(path);
  std::vector<std::byte> bytes(1 << 20);
  for (uint64_t at = 0; at < file.size(); at += bytes.size()) {
    const auto some = std::span(bytes).first(std::min<uint64_t>(bytes.size(), file.size() - at));
    file.read(at, some);
    hash.add(some);
  }
}

// Depends on all that the features depend on; of pictures in files of their own, on their names.
std::string features_name(const RunConfig& config, const EmbedRequest& request,
                          const std::string& checkpoint) {
  Sha256 hash;
  add_file(hash, checkpoint);
  if (fs::is_regular_file(request.table)) add_file(hash, request.table);
  for (const TableRow& row :
       rows_to_embed(request, read_table(request.table, config.data.format))) {
    hash.add(fmt::format("{}\n{}\n{}\n{}\n{}\n", row.image, row.offset, row.bytes, row.split,
                         row.label));
    for (const std::string& caption : row.captions) hash.add(caption + "\n");
  }
  for (const std::string& prompt : request.templates) hash.add(prompt + "\n");
  hash.add(request.captions);
  return hash.finish();
}

std::string checkpoint_of(const RunConfig& config) {
  const std::string& base = config.adapter.base;
  if (!fs::exists(base)) {
    fail<ConfigError>("adapter.base: there is no '{}'; train it first, or name another checkpoint "
                      "or run.",
                      base);
  }
  return find_checkpoint(base).path;
}

}  // namespace

AdapterFeatures::AdapterFeatures(const RunConfig& config, const fs::path& cache, Device& device,
                                 const std::function<void(const std::string&)>& say)
    : config_(config), device_(device) {
  std::string path = config.data.features;
  if (path.empty()) {
    const EmbedRequest request = request_of(config);
    path = cache / (features_name(config, request, checkpoint_of(config)) + ".h5");
    if (!fs::exists(path)) {
      say(fmt::format("computing the features of {} by {} into {}", request.table,
                      config.adapter.base, path));
      fs::create_directories(cache);
      embed(request, model(), path);
    }
  } else if (!fs::exists(path)) {
    fail<ConfigError>("data.features: there is no file '{}'; configs/README.md says where those of "
                      "the ready configs come from.",
                      path);
  }
  set_ = read_feature_set(path);
  set_.images = keep_if_small(set_.images);
}

LoadedModel& AdapterFeatures::model() {
  if (!model_) {
    model_ = std::make_unique<LoadedModel>(load_model(config_.adapter.base, device_));
    // The table is read as this config says; pictures are prepared as the base's says.
    model_->config.data.format = config_.data.format;
    model_->config.data.workers = config_.data.workers;
  }
  return *model_;
}

std::shared_ptr<const FeatureRows> AdapterFeatures::augmented(const std::vector<int64_t>& rows) {
  const EmbedRequest request = request_of(config_);
  const std::vector<TableRow> table =
      rows_to_embed(request, read_table(request.table, config_.data.format));
  Encoder& encoder = *model().encoder;
  DataConfig data = model().config.data;
  data.augment = config_.data.augment;
  const int64_t size = model().config.model.vision_cfg.image_size;
  const auto E = static_cast<size_t>(encoder.embed_dim());
  const auto values = static_cast<size_t>(3 * size * size);
  const auto passes = static_cast<size_t>(config_.adapter.augment_passes);
  std::vector<float> sums(rows.size() * E), pixels;
  size_t encoded = 0;  // of all changed pictures, those of one after those of another
  const auto encode = [&] {
    const std::vector<float> features = encoder.images(pixels);
    for (size_t i = 0; i < features.size(); ++i) {
      sums[(encoded + i / E) / passes * E + i % E] += features[i];
    }
    encoded += features.size() / E;
    pixels.clear();
  };
  const DecodeOptions decode = decode_for_training(data, size);
  AugmentScratch scratch;
  for (const int64_t row : rows) {
    const Image picture = load_picture(table.at(static_cast<size_t>(row)), decode);
    for (size_t pass = 0; pass < passes; ++pass) {
      pixels.resize(pixels.size() + values);
      augment(picture, size, data.augment, decode.alpha, normalization_of(data),
              Random(config_.seed, pass, static_cast<uint32_t>(row), RandomUse::augment),
              std::span(pixels).last(values), scratch);
      if (pixels.size() == values * static_cast<size_t>(encoder.chunk())) encode();
    }
  }
  if (!pixels.empty()) encode();
  return std::make_shared<MemoryRows>(std::move(sums), static_cast<int64_t>(E),
                                      "the augmented features");
}

}  // namespace tandem
