// Refuses what does not fit together, with the place of a key.
#pragma once

#include "core/error.h"
#include "train/config/field_reader.h"

#include <string>

namespace tandem {

class Checker {
 public:
  // Places and source, the config's file for keys that were not given, must outlive this.
  Checker(const Places& places, const std::string& source) : places_(places), source_(source) {}

  void require(bool holds, const std::string& key, const std::string& message) const {
    if (holds) return;
    const auto found = places_.find(key);
    fail<ConfigError>("{}: {}", found == places_.end() ? source_ : found->second, message);
  }

  void divides(const std::string& key, int64_t part, const std::string& whole_key,
               int64_t whole) const {
    const bool known = places_.contains(key) || !places_.contains(whole_key);
    require(whole % part == 0, known ? key : whole_key,
            fmt::format("{} is {}, which does not divide {} {}; choose one that does.", key, part,
                        whole_key, whole));
  }

 private:
  const Places& places_;
  const std::string& source_;
};

}  // namespace tandem
