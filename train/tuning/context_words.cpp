#include "train/tuning/context_words.h"

#include "core/error.h"
#include "train/tuning/adaptation.h"

namespace tandem {

std::vector<int32_t> take_context_words(RunConfig& config, const Tokenizer& tokenizer) {
  CoopKeys& coop = config.adapter.coop;
  const std::string& kind = config.adapter.kind;
  if (coop.words.empty() || (kind != "coop" && kind != "cocoop")) return {};
  std::vector<int32_t> words = tokenizer.encode(coop.words);
  if (words.empty()) {
    fail<ConfigError>("adapter.coop.words is '{}', which the tokenizer makes nothing of; give "
                      "words, or leave it out.",
                      coop.words);
  }
  coop.contexts = static_cast<int64_t>(words.size());
  RunConfig counted = config;
  counted.adapter.coop.words.clear();
  if (const auto problem = tuning_problem(counted)) throw ConfigError(problem->message);
  config.model.adaptation = adaptation_of(config);
  return words;
}

void start_from_words(Variables& variables, const std::vector<int32_t>& words) {
  if (words.empty()) return;
  const auto C = static_cast<size_t>(variables.variable("token_embedding.weight").type.shape[1]);
  const std::vector<float> table = variables.get("token_embedding.weight");
  std::vector<float> rows;
  const auto count = static_cast<size_t>(
      variables.variable("prompt.context").type.shape.elements());
  while (rows.size() < count) {
    for (const int32_t word : words) {
      const auto row = table.begin() + static_cast<std::ptrdiff_t>(static_cast<size_t>(word) * C);
      rows.insert(rows.end(), row, row + static_cast<std::ptrdiff_t>(C));
    }
  }
  variables.set("prompt.context", rows);
}

}  // namespace tandem
