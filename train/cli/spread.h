// Repeated measurements: the median and how far they spread, the warm-up apart.
#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <vector>

namespace tandem {

struct Spread {
  double median = 0;
  double low = 0, high = 0;  // quartiles
  int runs = 0;

  // The same as rates, of so much work: the lowest is that of the longest time.
  Spread rate(double work) const { return {work / median, work / high, work / low, runs}; }
};

Spread spread_of(std::vector<double> values);

// {"<name>": median, "<name>_low": lower quartile, "<name>_high": upper quartile}
void add_spread(nlohmann::ordered_json& document, const std::string& name, const Spread& spread);

inline double seconds_of(const auto& body) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  body();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds of body(), called once to warm up and then for `budget` seconds, three times at least.
Spread time_runs(double budget, const auto& body) {
  constexpr size_t most = 1000;
  body();
  std::vector<double> times;
  for (double spent = 0; times.size() < 3 || (spent < budget && times.size() < most);) {
    times.push_back(seconds_of(body));
    spent += times.back();
  }
  return spread_of(std::move(times));
}

}  // namespace tandem
