// The names that configs and the command line have for precisions.
#pragma once

#include "core/dtype.h"
#include "core/error.h"

#include <string_view>

namespace tandem {

// What products of a program of that precision take. Throws ConfigError for an unknown name.
inline DType precision_named(std::string_view name) {
  if (name == "fp32") return DType::f32;
  if (name == "bf16") return DType::bf16;
  if (name == "fp16") return DType::f16;
  fail<ConfigError>("precision: '{}' is none; use fp32, bf16 or fp16.", name);
}

}  // namespace tandem
