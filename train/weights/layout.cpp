#include "train/weights/layout.h"

#include "core/error.h"
#include "train/weights/layout_names.h"
#include "train/weights/zip.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace tandem {
namespace {

constexpr std::string_view text_prefix = "text.";

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

// Puts queries, keys and values of a block together as they come.
class JointAttention {
 public:
  explicit JointAttention(const std::string& source) : source_(source) {}

  void add(const AttentionPart& part, NamedTensor tensor) {
    waiting_[part.joint][static_cast<size_t>(part.part)] = std::move(tensor);
  }

  void join_all(std::vector<NamedTensor>& to) {
    for (auto& [joint, three] : waiting_) {
      for (int part = 0; part < 3; ++part) check(three, part);
      const Shape& first = three[0].shape;
      NamedTensor whole{joint, first.with(0, 3 * first[0]), std::move(three[0].values)};
      for (size_t part = 1; part < 3; ++part) {
        const std::vector<float>& values = three[part].values;
        whole.values.insert(whole.values.end(), values.begin(), values.end());
      }
      to.push_back(std::move(whole));
    }
  }

 private:
  using Three = std::array<NamedTensor, 3>;

  // A tensor that has come has values.
  void check(const Three& three, int part) const {
    const auto has = [](const NamedTensor& tensor) { return !tensor.values.empty(); };
    const NamedTensor& one = three[static_cast<size_t>(part)];
    const NamedTensor& other = *std::ranges::find_if(three, has);
    if (!has(one)) {
      // The name with the part's letter, from one that is there.
      std::string name = other.name;
      const size_t letter = name.rfind("_proj") - 1;
      name[letter] = "qkv"[part];
      fail<CheckpointError>("{}: has no '{}', though '{}'; it is incomplete.", source_,
                            printable(name), printable(other.name));
    }
    if (one.shape != other.shape || one.shape.rank() < 1) {
      fail<CheckpointError>(
          "{}: '{}' is {}, but '{}' is {}; query, key and value of one width "
          "were expected.",
          source_, printable(one.name), one.shape, printable(other.name), other.shape);
    }
  }

  const std::string& source_;
  std::map<std::string, Three> waiting_;
};

void check_names(const std::vector<NamedTensor>& tensors, const std::string& source) {
  std::set<std::string_view> names;
  for (const NamedTensor& tensor : tensors) {
    if (names.insert(tensor.name).second) continue;
    fail<CheckpointError>("{}: has two tensors for '{}'.", source, printable(tensor.name));
  }
}

// Takes out what is no parameter.
void leave_out_constants(std::vector<NamedTensor>& tensors, OpenClipWeights& weights) {
  std::erase_if(tensors, [&](const NamedTensor& tensor) {
    const bool openai = is_openai_only(tensor.name);
    weights.openai = weights.openai || openai;
    if (!openai && !is_constant(tensor.name)) return false;
    weights.left_out.push_back(tensor.name);
    return true;
  });
}

}  // namespace

OpenClipWeights to_open_clip(std::vector<NamedTensor> tensors, const std::string& source) {
  OpenClipWeights weights;
  leave_out_constants(tensors, weights);
  const bool huggingface = std::ranges::any_of(tensors, [](const NamedTensor& tensor) {
    return tensor.name.starts_with("vision_model.") || tensor.name.starts_with("text_model.");
  });
  weights.found = huggingface ? Layout::huggingface : Layout::open_clip;
  JointAttention attention(source);
  for (NamedTensor& tensor : tensors) {
    if (huggingface) {
      if (const auto part = attention_part(tensor.name)) {
        attention.add(*part, std::move(tensor));
        continue;
      }
      if (const auto other = open_clip_name(tensor.name)) {
        tensor.name = other->name;
        if (other->transposed) transpose(tensor);
      }
    } else if (tensor.name.starts_with(text_prefix)) {
      tensor.name.erase(0, text_prefix.size());
      weights.custom_text = true;
    }
    if (tensor.name.starts_with("logit_") && tensor.shape == Shape{1}) tensor.shape = {};
    weights.tensors.push_back(std::move(tensor));
  }
  attention.join_all(weights.tensors);
  check_names(weights.tensors, source);
  return weights;
}

std::vector<NamedTensor> to_huggingface(std::vector<NamedTensor> tensors) {
  std::vector<NamedTensor> result;
  for (NamedTensor& tensor : tensors) {
    if (attention_part_name(tensor.name, 0) && tensor.shape.rank() > 0 &&
        tensor.shape[0] % 3 == 0) {
      const Shape shape = tensor.shape.with(0, tensor.shape[0] / 3);
      for (int part = 0; part < 3; ++part) {
        const auto from = tensor.values.begin() + part * shape.elements();
        result.push_back(
            {*attention_part_name(tensor.name, part), shape, {from, from + shape.elements()}});
      }
      continue;
    }
    if (const auto other = huggingface_name(tensor.name)) {
      tensor.name = other->name;
      if (other->transposed) transpose(tensor);
    }
    result.push_back(std::move(tensor));
  }
  return result;
}

}  // namespace tandem
