// Declares a model's parameters in a graph. Which are trained, and which linear layers get an
// adapter, is decided here, so that models read as their papers do.
#pragma once

#include "autograd/graph.h"
#include "models/adapters/adaptation.h"

#include <string>
#include <vector>

namespace tandem {

// Seeds of dropout() in either tower, given while training; without one nothing is dropped.
struct DropoutSeeds {
  Tensor image;
  Tensor text;
};

class Parameters {
 public:
  // Graph and adaptation must outlive this.
  Parameters(Graph& graph, const Adaptation& adaptation, DropoutSeeds seeds = {})
      : graph_(graph), adaptation_(adaptation), seeds_(seeds) {}

  Graph& graph() const { return graph_; }
  const Adaptation& adaptation() const { return adaptation_; }

  // The seed for a layer of that name.
  Tensor seed(const std::string& layer) const {
    return layer.starts_with("visual.") ? seeds_.image : seeds_.text;
  }

  // A parameter of the model itself, trained or frozen.
  Tensor base(const std::string& name, const Shape& shape, Initializer initializer);

  // A parameter of an adapter.
  Tensor added(const std::string& name, const Shape& shape, Initializer initializer);

  // Notes the name of a linear layer, or of a part of one, that adapters can have as a target.
  void target(const std::string& name) { targets_.push_back(name); }

  // In order of declaration.
  const std::vector<std::string>& base_names() const { return base_names_; }
  const std::vector<std::string>& targets() const { return targets_; }

  // A number for the next dropout.
  int64_t next_use() { return uses_++; }

 private:
  Graph& graph_;
  const Adaptation& adaptation_;
  DropoutSeeds seeds_;
  std::vector<std::string> base_names_;
  std::vector<std::string> targets_;
  int64_t uses_ = 0;
};

// PyTorch's default for a layer with that many inputs: uniform within 1 / sqrt(inputs).
Initializer default_uniform(int64_t inputs);

}  // namespace tandem
