// Rows of features, read a few at a time from wherever they lie.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace tandem {

// Features [N, E] of pictures or texts.
class FeatureRows {
 public:
  virtual ~FeatureRows() = default;

  virtual int64_t rows() const = 0;   // N
  virtual int64_t width() const = 0;  // E

  // out becomes [indices, E], every row scaled to unit length. Throws DataError for an index
  // that is not there, and for a row that is all zeros or not finite.
  void read(std::span<const int64_t> indices, std::vector<float>& out) const;

  // All rows, [N, E].
  std::vector<float> read_all() const;

 private:
  virtual std::string name() const = 0;  // in errors
  virtual void copy(std::span<const int64_t> indices, std::span<float> out) const = 0;
};

// Features that lie in memory.
class MemoryRows : public FeatureRows {
 public:
  // values [N, E]; `name` is theirs in errors. Throws DataError where they are not whole rows.
  MemoryRows(std::vector<float> values, int64_t width, std::string name);

  int64_t rows() const override { return static_cast<int64_t>(values_.size()) / width_; }
  int64_t width() const override { return width_; }

 private:
  std::string name() const override { return name_; }
  void copy(std::span<const int64_t> indices, std::span<float> out) const override;

  std::vector<float> values_;
  int64_t width_;
  std::string name_;
};

// The same rows, in memory if they take at most `bytes`: a probe reads them again and again.
std::shared_ptr<const FeatureRows> keep_if_small(std::shared_ptr<const FeatureRows> rows,
                                                 int64_t bytes = int64_t{1} << 30);

}  // namespace tandem
