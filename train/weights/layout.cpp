#include "train/weights/layout.h"

#include "core/error.h"
#include "train/weights/joints.h"
#include "train/weights/zip.h"

#include <algorithm>
#include <array>
#include <set>

namespace tandem {
namespace {

constexpr std::string_view text_prefix = "text.";
constexpr std::string_view timm_prefix = "visual.trunk.";

// Tensors that OpenAI's files have beside the parameters: they say the model's shape again.
constexpr std::array<std::string_view, 3> openai_only{"input_resolution", "context_length",
                                                      "vocab_size"};

// Constants that some files hold: indices of positions, and the causal mask.
bool is_constant(std::string_view name) {
  return name.ends_with("embeddings.position_ids") || name == "attn_mask" ||
         name == "text.attn_mask";
}

bool is_openai_only(std::string_view name) {
  return std::ranges::find(openai_only, name) != openai_only.end();
}

void transpose(NamedTensor& tensor) {
  if (tensor.shape.rank() != 2) return;  // of another model; refused when it is compared
  const int64_t rows = tensor.shape[0], columns = tensor.shape[1];
  std::vector<float> turned(tensor.values.size());
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      turned[static_cast<size_t>(j * rows + i)] =
          tensor.values[static_cast<size_t>(i * columns + j)];
    }
  }
  tensor.shape = {columns, rows};
  tensor.values = std::move(turned);
}

// The tensor with the name and shape of the other side.
void rename(NamedTensor& tensor, Scheme scheme, Direction direction) {
  const auto other = other_name(tensor.name, scheme, direction);
  if (!other) return;
  tensor.name = other->name;
  if (other->change == OtherName::Change::transposed) transpose(tensor);
  if (other->change != OtherName::Change::leading_one) return;
  const bool leading = tensor.shape.rank() == 3 && tensor.shape[0] == 1;
  if (direction == Direction::from_tandem) {
    tensor.shape = {1, tensor.shape[0], tensor.shape[1]};
  } else if (leading) {
    tensor.shape = {tensor.shape[1], tensor.shape[2]};
  }
}

std::vector<NamedTensor> converted(std::vector<NamedTensor> tensors, Scheme scheme,
                                   Direction direction, const std::string& source) {
  std::vector<NamedTensor> result;
  Joiner joiner(source);
  for (NamedTensor& tensor : tensors) {
    if (const auto joint = joint_of_part(tensor.name, scheme, direction)) {
      joiner.add(*joint, std::move(tensor));
    } else if (const auto whole = joint_of_whole(tensor.name, scheme, direction)) {
      split(std::move(tensor), *whole, source, result);
    } else {
      rename(tensor, scheme, direction);
      result.push_back(std::move(tensor));
    }
  }
  joiner.join_all(result);
  return result;
}

void check_names(const std::vector<NamedTensor>& tensors, const std::string& source) {
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    if (names.insert(tensor.name).second) continue;
    fail<CheckpointError>("{}: has two tensors for '{}'.", source, printable(tensor.name));
  }
}

// Takes out what is no parameter.
void leave_out_constants(std::vector<NamedTensor>& tensors, FoundWeights& weights) {
  std::erase_if(tensors, [&](const NamedTensor& tensor) {
    const bool openai = is_openai_only(tensor.name);
    weights.openai = weights.openai || openai;
    if (!openai && !is_constant(tensor.name)) return false;
    weights.left_out.push_back(tensor.name);
    return true;
  });
}

}  // namespace

FoundWeights from_layout(std::vector<NamedTensor> tensors, const std::string& source) {
  FoundWeights weights;
  leave_out_constants(tensors, weights);
  const auto any_starts = [&](std::initializer_list<std::string_view> starts) {
    return std::ranges::any_of(tensors, [&](const NamedTensor& tensor) {
      return std::ranges::any_of(
          starts, [&](std::string_view start) { return tensor.name.starts_with(start); });
    });
  };
  const bool huggingface = any_starts({"vision_model.", "text_model."});
  weights.found = huggingface ? Layout::huggingface : Layout::open_clip;
  weights.timm = any_starts({timm_prefix});
  weights.custom_text = !huggingface && any_starts({text_prefix});
  for (NamedTensor& tensor : tensors) {
    if (weights.custom_text && tensor.name.starts_with(text_prefix)) {
      tensor.name.erase(0, text_prefix.size());
    }
    if (tensor.name.starts_with("logit_") && tensor.shape == Shape{1}) tensor.shape = {};
  }
  if (huggingface || weights.timm) {
    tensors = converted(std::move(tensors), huggingface ? Scheme::huggingface : Scheme::timm,
                        Direction::to_tandem, source);
  }
  weights.tensors = std::move(tensors);
  check_names(weights.tensors, source);
  return weights;
}

std::vector<NamedTensor> to_layout(std::vector<NamedTensor> tensors, Layout layout) {
  const bool huggingface = layout == Layout::huggingface;
  const bool by_attention = std::ranges::any_of(tensors, [](const NamedTensor& tensor) {
    return tensor.name.starts_with("visual.attn_pool.");
  });
  if (!huggingface && !by_attention) return tensors;
  tensors = converted(std::move(tensors), huggingface ? Scheme::huggingface : Scheme::timm,
                      Direction::from_tandem, "weights");
  for (NamedTensor& tensor : tensors) {
    const bool logit = tensor.name.starts_with("logit_");
    if (huggingface && by_attention && logit) tensor.shape = {1};
    if (!huggingface && !logit && !tensor.name.starts_with("visual.")) {
      tensor.name.insert(0, text_prefix);
    }
  }
  return tensors;
}

}  // namespace tandem
