// How parts of a model are trained apart from others, and adapters inside the model. Plain values,
// as in run_config.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tandem {

// Parameters with a learning rate and weight decay of their own. The first group that matches a
// parameter counts.
struct ParamGroupConfig {
  std::string pattern;       // of their names
  double lr = 1;             // a factor of train.lr
  std::optional<double> wd;  // in place of train.wd

  bool operator==(const ParamGroupConfig&) const = default;
};

// LoRA (Hu et al. 2021); see models/adapters/adaptation.h.
struct LoraKeys {
  int64_t rank = 2;
  double alpha = 1;
  bool rslora = false;
  bool dora = false;
  double dropout = 0;
  std::string targets = "*.attn.{q,k,v}";

  bool operator==(const LoraKeys&) const = default;
};

// IA3 (Liu et al. 2022).
struct Ia3Keys {
  std::string targets = "*.attn.{k,v} *.mlp.c_proj";

  bool operator==(const Ia3Keys&) const = default;
};

// CoOp and CoCoOp (Zhou et al. 2022), and the texts of MaPLe (Khattak et al. 2023).
struct CoopKeys {
  int64_t contexts = 16;
  std::string words;             // that contexts start from; their tokens are then the contexts
  std::string position = "end";  // of the class's name: after, amid or before the contexts
  bool class_specific = false;   // contexts of its own for each class

  bool operator==(const CoopKeys&) const = default;
};

// VPT (Jia et al. 2022); MaPLe's depth is of both towers.
struct VptKeys {
  int64_t tokens = 8;
  int64_t depth = 1;

  bool operator==(const VptKeys&) const = default;
};

struct MapleKeys {
  int64_t contexts = 2;
  int64_t depth = 9;

  bool operator==(const MapleKeys&) const = default;
};

}  // namespace tandem
