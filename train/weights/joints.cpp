#include "train/weights/joints.h"

#include "core/error.h"
#include "train/weights/zip.h"

#include <algorithm>

namespace tandem {

void split(NamedTensor whole, const Joint& joint, const std::string& source,
           std::vector<NamedTensor>& to) {
  const auto count = static_cast<int64_t>(joint.parts.size());
  if (whole.shape.rank() < 1 || whole.shape[0] % count != 0) {
    fail<CheckpointError>("{}: '{}' is {}; rows for {} tensors of one size were expected.", source,
                          printable(whole.name), whole.shape, count);
  }
  const Shape shape = whole.shape.with(0, whole.shape[0] / count);
  auto from = whole.values.begin();
  for (const std::string& part : joint.parts) {
    const auto end = from + shape.elements();
    to.push_back({part, shape, {from, end}});
    from = end;
  }
}

void Joiner::add(const Joint& joint, NamedTensor tensor) {
  Waiting& waiting = waiting_[joint.whole];
  waiting.joint = joint;
  waiting.parts.resize(joint.parts.size());
  const auto place = std::ranges::find(joint.parts, tensor.name) - joint.parts.begin();
  waiting.parts[static_cast<size_t>(place)] = std::move(tensor);
}

void Joiner::join_all(std::vector<NamedTensor>& to) {
  for (auto& [name, waiting] : waiting_) {
    for (size_t part = 0; part < waiting.parts.size(); ++part) check(waiting, part);
    const Shape& first = waiting.parts[0].shape;
    const auto count = static_cast<int64_t>(waiting.parts.size());
    NamedTensor whole{name, first.with(0, count * first[0]), {}};
    for (const NamedTensor& part : waiting.parts) {
      whole.values.insert(whole.values.end(), part.values.begin(), part.values.end());
    }
    to.push_back(std::move(whole));
  }
}

void Joiner::check(const Waiting& waiting, size_t part) const {
  const auto has_come = [](const NamedTensor& tensor) { return !tensor.values.empty(); };
  const NamedTensor& one = waiting.parts[part];
  const NamedTensor& other = *std::ranges::find_if(waiting.parts, has_come);
  if (!has_come(one)) {
    fail<CheckpointError>("{}: has no '{}', though '{}'; it is incomplete.", source_,
                          printable(waiting.joint.parts[part]), printable(other.name));
  }
  if (one.shape != other.shape || one.shape.rank() < 1) {
    fail<CheckpointError>(
        "{}: '{}' is {}, but '{}' is {}; query, key and value of one width were expected.", source_,
        printable(one.name), one.shape, printable(other.name), other.shape);
  }
}

}  // namespace tandem
