// The towers without gradients: embeddings of many pictures or texts, a chunk at a time.
#pragma once

#include "autograd/program.h"
#include "models/clip.h"

#include <functional>
#include <memory>

namespace tandem {

class Encoder {
 public:
  // Compiles each tower that the model has for chunks of `chunk`, calls `before` before each.
  // Shares the variables; throws as Program does.
  Encoder(
      const ClipConfig& config, Variables& variables, int64_t chunk,
      std::function<void()> before = [] {});

  int64_t chunk() const { return chunk_; }

  // Unit embeddings [n, E] of n pictures' normalised pixels [n, 3, H, W], n <= chunk.
  std::vector<float> images(std::span<const float> pixels);

  // Unit embeddings [n, E] of n texts' ids [n, T], any n. Throws ConfigError where texts have no
  // embeddings apart from pictures (CoCoOp).
  std::vector<float> texts(std::span<const int32_t> ids);

  int64_t embed_dim() const { return config_.embed_dim; }

 private:
  std::vector<float> text_chunk(std::span<const int32_t> ids);

  ClipConfig config_;
  int64_t chunk_;
  std::function<void()> before_;
  std::unique_ptr<Program> image_program_;
  std::unique_ptr<Program> text_program_;
};

// Bytes that an Encoder takes of such a device besides the variables, without opening it.
size_t planned_encoder_bytes(const ClipConfig& config, int64_t chunk, const DeviceInfo& device);

}  // namespace tandem
