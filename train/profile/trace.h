// Spans of time on lanes, for Perfetto (ui.perfetto.dev) and Chrome's tracing page.
#pragma once

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tandem {

// What happened from `begin` to `end`, in seconds of seconds_now(). Spans of one lane must not
// overlap, unless one holds the other.
struct TraceSpan {
  std::string name;
  double begin = 0;
  double end = 0;
  nlohmann::ordered_json details = nlohmann::ordered_json::object();  // shown beside it
};

// Thread-safe.
class Trace {
 public:
  void add(const std::string& lane, TraceSpan span);

  // The Trace Event Format: complete events ("ph": "X") in microseconds from the earliest span,
  // one thread a lane, in the order of `lanes` and then of names. Invalid UTF-8 is replaced.
  std::string json(const std::vector<std::string>& lanes) const;

  // Writes json() to a file. Throws DataError.
  void write(const std::filesystem::path& path, const std::vector<std::string>& lanes) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<TraceSpan>> lanes_;
};

}  // namespace tandem
