// What of a model is trained, and what small thing is added to it. Plain values; nothing is
// adapted by default.
#pragma once

#include "models/adapters/pattern.h"

#include <cmath>
#include <cstdint>

namespace tandem {

// LoRA (Hu et al. 2021, "LoRA: low-rank adaptation of large language models", section 4.1):
//   y = x W' + bias + s dropout(x) A' B'      A [r, C], B [D, r], s = alpha / r
struct LoraConfig {
  int64_t rank = 0;      // r; 0: none
  double alpha = 1;
  bool rslora = false;   // s = alpha / sqrt(r) (Kalajdzievski 2023)
  bool dora = false;     // weight-decomposed (Liu et al. 2024)
  double dropout = 0;    // of x, while training
  Patterns targets;      // of linear layers

  double scaling() const {
    const auto r = static_cast<double>(rank);
    return alpha / (rslora ? std::sqrt(r) : r);
  }
  bool operator==(const LoraConfig&) const = default;
};

// Learnt tokens, of the text tower (CoOp, CoCoOp), the image tower (VPT) or both (MaPLe).
struct PromptConfig {
  int64_t text = 0;          // vectors in a text
  int64_t text_before = 0;   // so many of them before its words, the others after
  int64_t classes = 1;       // sets of them: 1, or one for each class
  bool conditional = false;  // shifted by a network of the picture's embedding (CoCoOp)
  int64_t image = 0;         // tokens beside the patches
  int64_t text_depth = 1;    // layers with tokens of their own
  int64_t image_depth = 1;
  bool coupled = false;      // those of the image are linear functions of the text's (MaPLe)

  int64_t context_rows() const { return text * classes; }

  bool operator==(const PromptConfig&) const = default;
};

struct Adaptation {
  // A base parameter is frozen if it matches `frozen` and not `trained`.
  Patterns frozen;
  Patterns trained;
  LoraConfig lora;
  Patterns ia3;  // linear layers that are scaled (Liu et al. 2022)
  PromptConfig prompts;

  bool operator==(const Adaptation&) const = default;
};

}  // namespace tandem
