// From a decoded picture to the numbers a model reads, with the random changes of training.
#pragma once

#include "core/philox.h"
#include "train/config/run_config.h"
#include "train/data/fit.h"
#include "train/data/image.h"

#include <array>
#include <span>
#include <vector>

namespace tandem {

// y = (x / 255 - mean) / std, a channel.
struct Normalization {
  std::array<float, 3> mean{0.48145466f, 0.4578275f, 0.40821073f};
  std::array<float, 3> std{0.26862954f, 0.26130258f, 0.27577711f};
};

Normalization normalization_of(const DataConfig& config);
Fit fit_of(const DataConfig& config);

// How pictures are decoded from which augment() makes size x size squares: JPEGs at a part of their
// size where that leaves twice the square's side of whatever it may cut out.
DecodeOptions decode_for_training(const DataConfig& config, int64_t size);

// Memory that one thread's calls reuse.
struct AugmentScratch {
  ResizeScratch resize;
  Image square, moved;
  std::array<std::vector<uint8_t>, 3> border;
};

// Random changes to `image`, then normalization. out: [3, size, size].
//   crop        torchvision's RandomResizedCrop; scale [1, 1]: resize_to_square
//   shift       by whole pixels
//   rotate      about the centre, bilinear
//   flip        left to right
//   colour      torchvision's ColorJitter: brightness, contrast, saturation and hue, each uniform
//               in its range, in random order; then grayscale
//   erase       torchvision's RandomErasing: 2 to 33 % of the area, ratio 0.3 to 3.3, set to 0
//               after normalization
// What shift and rotate uncover is white where alpha is white, else the median colour of the
// picture's border. Everything random comes from `random` alone.
// Throws DataError where out has another size, or the picture is empty.
void augment(const Image& image, int64_t size, const AugmentConfig& config, Alpha alpha,
             const Normalization& normalization, Random random, std::span<float> out,
             AugmentScratch& scratch, const Fit& fit = {});

// resize_to_square, then normalization: what evaluation sees. out: [3, size, size].
void preprocess(const Image& image, int64_t size, const Normalization& normalization,
                std::span<float> out, AugmentScratch& scratch, const Fit& fit = {});

// Normalizes a picture of any size. out: [3, height, width].
void normalize(const Image& image, const Normalization& normalization, std::span<float> out);

}  // namespace tandem
