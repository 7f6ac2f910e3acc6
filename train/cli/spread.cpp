#include "train/cli/spread.h"

#include <algorithm>

namespace tandem {

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
  };
  return {at(0.5), at(0.25), at(0.75), static_cast<int>(values.size())};
}

void add_spread(nlohmann::ordered_json& document, const std::string& name, const Spread& spread) {
  document[name] = spread.median;
  document[name + "_low"] = spread.low;
  document[name + "_high"] = spread.high;
}

}  // namespace tandem
