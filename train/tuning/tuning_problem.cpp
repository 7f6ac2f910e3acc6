#include "train/tuning/adaptation.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace tandem {

namespace {

// Fewest insertions, deletions and substitutions that make the pattern match; what `*` stands for is
// free. Braces count as characters.
size_t changes_to_match(std::string_view pattern, std::string_view name) {
  std::vector<size_t> row(name.size() + 1);
  for (size_t j = 0; j <= name.size(); ++j) row[j] = j;
  for (const char c : pattern) {
    size_t diagonal = row[0];
    row[0] += c == '*' ? 0 : 1;
    for (size_t j = 1; j <= name.size(); ++j) {
      const size_t above = row[j];
      const size_t change = c == name[j - 1] || c == '?' ? 0 : 1;
      row[j] = c == '*' ? std::min(above, row[j - 1])
                        : std::min({above + 1, row[j - 1] + 1, diagonal + change});
      diagonal = above;
    }
  }
  return row[name.size()];
}

// The name that a pattern is least far from.
std::string nearest_name(const std::string& pattern, const std::vector<std::string>& names) {
  const auto closer = [&](const std::string& a, const std::string& b) {
    return changes_to_match(pattern, a) < changes_to_match(pattern, b);
  };
  const auto found = std::min_element(names.begin(), names.end(), closer);
  return found == names.end() ? "" : *found;
}

std::optional<TuningProblem> unmatched(const std::string& key, const std::string& patterns,
                                       const std::vector<std::string>& names,
                                       const std::string& what) {
  const Patterns all(patterns);
  if (all.empty()) return TuningProblem{key, fmt::format("{} is empty; give a pattern.", key)};
  for (const std::string& pattern : all.each()) {
    const bool any = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return matches(pattern, name);
    });
    if (any) continue;
    return TuningProblem{key, fmt::format("{}: the pattern '{}' matches no {}; the nearest name "
                                          "is '{}'.",
                                          key, pattern, what, nearest_name(pattern, names))};
  }
  return std::nullopt;
}

std::optional<TuningProblem> too_deep(const std::string& key, int64_t depth, int64_t layers) {
  if (depth <= layers) return std::nullopt;
  return TuningProblem{
      key, fmt::format("{} is {}, but the tower has {} blocks; give at most that.", key, depth,
                       layers)};
}

std::optional<TuningProblem> adapter_problem(const RunConfig& config, const ModelNames& names) {
  const AdapterConfig& adapter = config.adapter;
  const std::string layer = "linear layer";
  if (adapter.base.empty()) {
    return TuningProblem{"adapter.base",
                         fmt::format("adapter.base is not set; give the weights that {} is added "
                                     "to.",
                                     adapter.kind)};
  }
  if (!Patterns(adapter.also_train).empty()) {
    const auto problem =
        unmatched("adapter.also_train", adapter.also_train, names.base, "parameter");
    if (problem) return problem;
  }
  if (adapter.kind == "lora") {
    return unmatched("adapter.lora.targets", adapter.lora.targets, names.targets, layer);
  }
  if (adapter.kind == "ia3") {
    return unmatched("adapter.ia3.targets", adapter.ia3.targets, names.targets, layer);
  }
  const bool image_tokens = adapter.kind == "vpt" || adapter.kind == "maple";
  if (image_tokens && !config.model.vision_cfg.class_token) {
    return TuningProblem{"adapter.kind",
                         fmt::format("adapter.kind is {}, whose tokens stand behind a class token, "
                                     "but the image tower has none; choose another.",
                                     adapter.kind)};
  }
  const int64_t image_layers = config.model.vision_cfg.layers;
  const int64_t text_layers = config.model.text_cfg.layers;
  if (adapter.kind == "vpt") return too_deep("adapter.vpt.depth", adapter.vpt.depth, image_layers);
  if (adapter.kind == "maple") {
    return too_deep("adapter.maple.depth", adapter.maple.depth,
                    std::min(image_layers, text_layers));
  }
  return std::nullopt;
}

std::optional<TuningProblem> context_problem(const RunConfig& config) {
  const AdapterConfig& adapter = config.adapter;
  if (!adapter.learns_contexts()) return std::nullopt;
  const bool maple = adapter.kind == "maple";
  const int64_t contexts = maple ? adapter.maple.contexts : adapter.coop.contexts;
  const int64_t T = config.model.text_cfg.context_length;
  const std::string key = maple ? "adapter.maple.contexts" : "adapter.coop.contexts";
  const bool counted_later = !maple && !adapter.coop.words.empty();  // once there is a tokenizer
  if (!counted_later && contexts > T - 3) {
    return TuningProblem{
        key, fmt::format("{} is {}; a text of {} tokens has room for {} beside its start, its end "
                         "and a name.",
                         key, contexts, T, T - 3)};
  }
  if (config.train.loss != "cross_entropy") {
    return TuningProblem{"train.loss", fmt::format("train.loss is {}, but {} learns to tell "
                                                   "classes; set cross_entropy.",
                                                   config.train.loss, adapter.kind)};
  }
  if (adapter.kind == "cocoop" && !config.evaluate.empty()) {
    return TuningProblem{"evaluate", "evaluate asks for retrieval, but cocoop's texts differ from "
                                     "picture to picture; leave it out, and use tandem eval --task "
                                     "zeroshot."};
  }
  if (adapter.kind == "cocoop" && adapter.coop.class_specific) {
    return TuningProblem{"adapter.coop.class_specific",
                         "adapter.coop.class_specific is set, but cocoop has one set of contexts; "
                         "leave it out."};
  }
  return std::nullopt;
}

}  // namespace

std::optional<TuningProblem> tuning_problem(const RunConfig& config) {
  const bool adapted = config.adapter.in_model();
  const std::vector<ParamGroupConfig>& groups = config.train.param_groups;
  if (!adapted && groups.empty() && !config.train.lock_image && !config.train.lock_text) {
    return std::nullopt;
  }
  const ModelNames names = names_of(config.model);
  if (adapted) {
    if (auto problem = adapter_problem(config, names)) return problem;
    if (auto problem = context_problem(config)) return problem;
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    const std::string key = fmt::format("train.param_groups.{}.pattern", i);
    auto problem = unmatched(key, groups[i].pattern, names.trained, "parameter that is trained");
    if (problem) return problem;
  }
  return std::nullopt;
}

}  // namespace tandem
