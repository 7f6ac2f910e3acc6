// LoRA (Hu et al. 2021, section 4.1) and DoRA (Liu et al. 2024, section 4) of one linear layer.
//   LoRA:  y = x W' + bias + s dropout(x) A' B'
//   DoRA:  y = m / |W + s B A| * (x W' + s dropout(x) A' B') + bias
// A [r, C], B [D, r]; m [D], and |.| is each row's length, taken as a constant (section 4.3).
#pragma once

#include "models/parameters.h"

namespace tandem {

class LowRank {
 public:
  LowRank() = default;

  // For a weight [D, C] whose rows are equal parts with these names; declares `<part>.lora_A`,
  // `<part>.lora_B` and with DoRA `<part>.lora_magnitude` of each part that is a target.
  LowRank(Parameters& parameters, const std::vector<std::string>& parts, int64_t D, int64_t C);

  explicit operator bool() const { return static_cast<bool>(down_); }

  // The whole layer before its activation: x [..., C], weight [D, C], bias [D] or null -> [..., D].
  Tensor forward(Tensor x, Tensor weight, Tensor bias) const;

 private:
  struct Part {
    int64_t first = 0;  // its first row of the weight
    Tensor A, B, magnitude;
  };

  Tensor row_factors(Tensor weight) const;  // [D]: m / |W + s B A|

  int64_t rows_ = 0;       // of the weight, D
  int64_t part_rows_ = 0;  // of a part
  double scaling_ = 1;
  double dropout_ = 0;
  Tensor seed_;
  int64_t use_ = 0;
  std::vector<Part> parts_;
  Tensor down_;  // all A, [parts r, C]
  Tensor up_;    // s times all B, each in the rows of its part and its own columns: [D, parts r]
};

}  // namespace tandem
