// Finds where the numbers of a graph stop being finite: for telling why a step of training failed.
#pragma once

#include "autograd/program.h"

#include <optional>

namespace tandem {

// The first value that is not finite, and what made it.
struct NonFinite {
  enum class Source { input, variable, op } source = Source::op;
  std::string name;                    // of the input, the variable or the op
  std::string scope;                   // op: where it stands in the model
  std::vector<std::string> variables;  // op: those that it reads
  std::string makes;                   // op: the name that its output was given; may be empty
  std::vector<int64_t> index;          // of the value in its tensor
  float value = 0;

  // "layer_norm in visual.transformer.resblocks.3 (with visual.transformer.resblocks.3.ln_1.weight)
  // was the first to give a value that is not finite (inf at [5, 12])", or "'visual.proj' holds
  // nan at [0, 3]".
  std::string str() const;
};

// "nan", "inf" or "-inf".
std::string name_of_nonfinite(double value);

// Runs the graph on `feeds` without changing a variable. Looks at the inputs, then the variables,
// then the f32 outputs of all nodes in order, so that what is found first had finite inputs.
// `named` gives names to outputs. Programs are compiled that compute up to `window_bytes` of
// outputs each, which bounds the memory that the search takes. Nothing if all is finite. Throws as
// Program does.
std::optional<NonFinite> find_nonfinite(Graph& graph, Variables& variables, const Feeds& feeds,
                                        const std::map<std::string, Tensor>& named = {},
                                        const CompileOptions& options = {},
                                        size_t window_bytes = size_t{256} << 20);

}  // namespace tandem
