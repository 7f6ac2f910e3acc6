// A training small enough for tests: coloured squares with captions, a tiny model, a few steps.
#pragma once

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/config/run_config.h"
#include "train/data/png.h"
#include "train/trainer.h"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tandem::test {

// Writes 24 pictures and pictures.jsonl, split train (18) and test (6).
inline void write_small_data(const TemporaryFolder& folder) {
  const char* const names[] = {"red", "green", "blue", "dark", "light", "grey"};
  std::ofstream table(folder / "pictures.jsonl");
  for (int i = 0; i < 24; ++i) {
    Image image{20, 20, {}};
    for (int p = 0; p < 400; ++p) {
      for (int c = 0; c < 3; ++c) {
        image.rgb.push_back(static_cast<uint8_t>((i * 37 + c * 91 * (i % 6) + p * (i % 3)) % 256));
      }
    }
    const std::string file = fmt::format("p{}.png", i);
    const std::string bytes = png_bytes(image);
    std::ofstream(folder / file, std::ios::binary) << bytes;
    table << "{\"image\":\"" << file << "\",\"captions\":[\"a " << names[i % 6] << " square "
          << i << "\",\"" << names[i % 6] << " number " << i << "\"],\"split\":\""
          << (i < 18 ? "train" : "test") << "\",\"group\":\"" << i % 9 << "\",\"label\":\""
          << names[i % 6] << "\"}\n";
  }
}

inline RunConfig small_config(const TemporaryFolder& folder) {
  RunConfig config;
  config.name = "small";
  config.device = "cpu";
  config.seed = 3;
  config.model.embed_dim = 16;
  config.model.vision_cfg = {.image_size = 16, .patch_size = 8, .width = 32, .layers = 2,
                             .head_width = 16};
  config.model.text_cfg = {.context_length = 12, .vocab_size = 560, .width = 32, .heads = 2,
                           .layers = 2};
  config.data.table = folder / "pictures.jsonl";
  config.data.tokenizer.vocab_size = 540;
  config.data.augment.scale = {0.6, 1.0};
  config.data.augment.flip = 0.5;
  config.train.batch_size = 6;
  config.train.epochs = 4;
  config.train.warmup = 2;
  config.train.log_every_n_steps = 1;
  config.evaluate = {{.split = "test"}};
  return config;
}

// What the Error says that training in folder/run ends with; empty without one.
inline std::string failure(const TemporaryFolder& folder, const RunConfig& config) {
  try {
    Trainer(config, {.run = folder / "run"}).run();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace tandem::test
