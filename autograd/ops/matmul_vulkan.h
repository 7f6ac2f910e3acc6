// Matrix products on Vulkan: how one is cut, and its dispatches.
#pragma once

#include "autograd/ops/matmul_design.h"

#include <vector>

namespace tandem {

// Ranges of a product and its epilogue y = activation(x + bias) + residual; shapes as MatmulShape
// and MatmulEpilogue have them, elements as MatmulTypes. Those not wanted have no memory.
struct MatmulRanges {
  BufferRange a, b, y;
  BufferRange bias, pre, residual, column_sums;
  Activation activation = Activation::none;
};

// y = epilogue of the sum, in order, of `parts` products, `stride` floats from one to the next.
Dispatch finish_dispatch(const DeviceInfo& device, const MatmulShape& shape,
                         const MatmulTypes& types, const BufferRange& products, int64_t parts,
                         int64_t stride, const MatmulRanges& ranges);

// A matrix whose rows are added up, `part_rows` at a time; `stride` elements from row to row.
struct RowSums {
  int64_t rows, columns, stride, part_rows;
  DType type = DType::f32;
  int64_t parts() const { return (rows + part_rows - 1) / part_rows; }
};

// to[parts, columns] = sums of `from`.
Dispatch sum_rows_dispatch(const DeviceInfo& device, const BufferRange& from, const BufferRange& to,
                           const RowSums& sums);

class VulkanMatmul {
 public:
  // Throws ConfigError if TANDEM_MATMUL names no design.
  VulkanMatmul(const MatmulShape& shape, const DeviceInfo& device, const MatmulTypes& types = {},
               MatmulDesign design = MatmulDesign::automatic);

  const MatmulVariant& variant() const { return variant_; }

  // Bytes of scratch, with room for the column sums of a transposed `a`.
  size_t scratch_bytes() const { return scratch_bytes_; }

  std::vector<Dispatch> dispatches(const MatmulRanges& ranges, const BufferRange& scratch) const;

 private:
  struct Operand;
  bool finishes_apart() const;
  bool uses_registers() const { return variant_.by_registers(); }
  void choose_parts();
  void lay_out_scratch();
  Operand operand(bool left) const;
  BufferRange pack(const Operand& operand, const BufferRange& from, const BufferRange& to,
                   std::vector<Dispatch>& out) const;
  Dispatch multiply(const BufferRange& a, const BufferRange& b, const BufferRange& y,
                    const MatmulRanges& ranges) const;
  void add_register_words(Dispatch& dispatch) const;
  void add_tile_words(Dispatch& dispatch) const;
  void sum_columns(const MatmulRanges& ranges, const BufferRange& scratch,
                   std::vector<Dispatch>& out) const;

  MatmulShape shape_;
  MatmulTypes types_;
  const DeviceInfo device_;
  MatmulVariant variant_;
  int64_t tiles_ = 0;  // of one part
  int64_t parts_ = 1;
  int64_t part_k_ = 0;
  size_t packed_a_ = 0, packed_b_ = 0, partials_ = 0, sums_ = 0;  // offsets into scratch
  size_t scratch_bytes_ = 0;
};

}  // namespace tandem
