// Products of two blocks of features on a device: the only part of a kNN probe that is large.
#pragma once

#include "autograd/program.h"

#include <memory>
#include <span>
#include <vector>

namespace tandem {

class Similarities {
 public:
  // Compiles a b' for blocks of at most `rows` by `columns` features of width E. The device must
  // outlive this. Throws as Program does.
  Similarities(Device& device, int64_t rows, int64_t columns, int64_t width);

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }

  // a [n, E], b [m, E]: [rows, columns] of which [i, j], i < n, j < m, is a_i . b_j.
  std::vector<float> operator()(std::span<const float> a, std::span<const float> b);

 private:
  int64_t rows_, columns_, width_;
  Variables variables_;
  std::unique_ptr<Program> program_;
};

}  // namespace tandem
