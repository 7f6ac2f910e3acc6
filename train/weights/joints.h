// Attention's query, key and value, in one tensor or in several.
#pragma once

#include "train/checkpoint/named_tensor.h"
#include "train/weights/layout_names.h"

#include <map>
#include <string>
#include <vector>

namespace tandem {

// Appends the parts of a whole, as many rows each. Throws CheckpointError, which starts with
// `source`, where its rows can't be dealt out so.
void split(NamedTensor whole, const Joint& joint, const std::string& source,
           std::vector<NamedTensor>& to);

// Puts parts together as they come.
class Joiner {
 public:
  explicit Joiner(const std::string& source) : source_(source) {}

  // REQUIRES: the tensor's name is among joint.parts.
  void add(const Joint& joint, NamedTensor tensor);

  // Appends every whole. Throws CheckpointError, which starts with the source, if a part has not
  // come, or is of another shape than the first.
  void join_all(std::vector<NamedTensor>& to);

 private:
  struct Waiting {
    Joint joint;
    std::vector<NamedTensor> parts;  // without values until they come
  };

  void check(const Waiting& waiting, size_t part) const;

  const std::string& source_;
  std::map<std::string, Waiting> waiting_;
};

}  // namespace tandem
