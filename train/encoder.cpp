#include "train/encoder.h"

#include <algorithm>

namespace tandem {

Encoder::Encoder(const ClipConfig& config, Variables& variables, int64_t chunk)
    : config_(config), chunk_(chunk) {
  {
    Graph graph;
    const Clip model(graph, config);
    const Tensor features = model.encode_image(model.pixel_input(graph, chunk));
    image_program_ = std::make_unique<Program>(graph, variables, std::vector<Tensor>{features});
  }
  Graph graph;
  const Clip model(graph, config);
  const Tensor features = model.encode_text(model.text_inputs(graph, chunk));
  text_program_ = std::make_unique<Program>(graph, variables, std::vector<Tensor>{features});
}

std::vector<float> Encoder::images(std::span<const float> pixels) {
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
  std::vector<float> features;
  for (size_t begin = 0; begin < ids.size(); begin += step) {
    const std::vector<float> some =
        text_chunk(ids.subspan(begin, std::min(step, ids.size() - begin)));
    features.insert(features.end(), some.begin(), some.end());
  }
  return features;
}

std::vector<float> Encoder::text_chunk(std::span<const int32_t> ids) {
  const auto T = static_cast<size_t>(config_.text_cfg.context_length);
  TextArrays arrays;
  arrays.ids.assign(ids.begin(), ids.end());
  arrays.ids.resize(T * static_cast<size_t>(chunk_));
  arrays.prepare(config_.text_cfg.context_length, config_.text_cfg.vocab_size);
  const uint64_t ticket = text_program_->run({{"tokens", as_feed(arrays.ids)},
                                              {"token_order", as_feed(arrays.order)},
                                              {"text_end", as_feed(arrays.end)}});
  std::vector<float> features = text_program_->fetch(ticket, 0);
  features.resize(ids.size() / T * static_cast<size_t>(config_.embed_dim));
  return features;
}

}  // namespace tandem
