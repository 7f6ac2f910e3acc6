#include "train/encoder.h"

#include <algorithm>

namespace tandem {

namespace {

Tensor image_features(Graph& graph, const ClipConfig& config, int64_t chunk) {
  const Clip model(graph, config);
  return model.encode_image(model.pixel_input(graph, chunk));
}

Tensor text_features(Graph& graph, const ClipConfig& config, int64_t chunk) {
  const Clip model(graph, config);
  return model.encode_text(model.text_inputs(graph, chunk));
}

using Tower = Tensor (*)(Graph&, const ClipConfig&, int64_t);

std::vector<Tower> towers_of(const ClipConfig& config) {
  std::vector<Tower> towers;
  if (config.image_tower) towers.push_back(image_features);
  if (!config.adaptation.prompts.conditional) towers.push_back(text_features);
  return towers;
}

}  // namespace

Encoder::Encoder(const ClipConfig& config, Variables& variables, int64_t chunk,
                 std::function<void()> before)
    : config_(config), chunk_(chunk), before_(std::move(before)) {
  for (const Tower tower : towers_of(config)) {
    Graph graph;
    const Tensor features = tower(graph, config, chunk);
    (tower == image_features ? image_program_ : text_program_) =
        std::make_unique<Program>(graph, variables, std::vector<Tensor>{features});
  }
}

std::vector<float> Encoder::images(std::span<const float> pixels) {
  before_();
  const auto side = static_cast<size_t>(config_.vision_cfg.image_size);
  const size_t picture = 3 * side * side;
  std::vector<float> padded(pixels.begin(), pixels.end());
  padded.resize(picture * static_cast<size_t>(chunk_));
  const uint64_t ticket = image_program_->run({{"pixels", as_feed(padded)}});
  std::vector<float> features = image_program_->fetch(ticket, 0);
  features.resize(pixels.size() / picture * static_cast<size_t>(config_.embed_dim));
  return features;
}

std::vector<float> Encoder::texts(std::span<const int32_t> ids) {
  const auto T = static_cast<size_t>(config_.text_cfg.context_length);
  const size_t step = T * static_cast<size_t>(chunk_);
  if (!text_program_) {
    fail<ConfigError>(
        "encode: the model's prompts depend on the picture, so that a text has no features by "
        "itself; evaluate it with --task zeroshot.");
  }
  std::vector<float> features;
  for (size_t begin = 0; begin < ids.size(); begin += step) {
    const std::vector<float> some =
        text_chunk(ids.subspan(begin, std::min(step, ids.size() - begin)));
    features.insert(features.end(), some.begin(), some.end());
  }
  return features;
}

std::vector<float> Encoder::text_chunk(std::span<const int32_t> ids) {
  before_();
  const auto T = static_cast<size_t>(config_.text_cfg.context_length);
  TextArrays arrays;
  arrays.ids.assign(ids.begin(), ids.end());
  arrays.ids.resize(T * static_cast<size_t>(chunk_));
  arrays.prepare(config_.text_cfg, config_.adaptation.prompts.context_rows());
  const uint64_t ticket = text_program_->run(arrays.feeds());
  std::vector<float> features = text_program_->fetch(ticket, 0);
  features.resize(ids.size() / T * static_cast<size_t>(config_.embed_dim));
  return features;
}

size_t planned_encoder_bytes(const ClipConfig& config, int64_t chunk, const DeviceInfo& device) {
  size_t bytes = 0;
  for (const Tower tower : towers_of(config)) {
    Graph graph;
    Plan plan = make_plan(graph, {tower(graph, config, chunk)}, false);
    place_values(plan, device);
    const MemoryReport memory = planned_memory(graph, plan);
    bytes += memory.activations + memory.constants;
  }
  return bytes;
}

}  // namespace tandem
