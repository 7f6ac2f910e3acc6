#include "train/profile/trace.h"

#include "train/data/write_file.h"

#include <algorithm>
#include <limits>

namespace tandem {

namespace {

using Json = nlohmann::ordered_json;

Json name_of_lane(int lane, const std::string& name) {
  return {{"name", "thread_name"}, {"ph", "M"}, {"pid", 1}, {"tid", lane}, {"args", {{"name", name}}}};
}

Json order_of_lane(int lane) {
  return {{"name", "thread_sort_index"},
          {"ph", "M"},
          {"pid", 1},
          {"tid", lane},
          {"args", {{"sort_index", lane}}}};
}

Json event(const TraceSpan& span, int lane, double zero) {
  return {{"name", span.name},
          {"ph", "X"},
          {"pid", 1},
          {"tid", lane},
          {"ts", 1e6 * (span.begin - zero)},
          {"dur", 1e6 * (span.end - span.begin)},
          {"args", span.details}};
}

}  // namespace

void Trace::add(const std::string& lane, TraceSpan span) {
  const std::lock_guard lock(mutex_);
  lanes_[lane].push_back(std::move(span));
}

std::string Trace::json(const std::vector<std::string>& lanes) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> order;
  for (const std::string& lane : lanes) {
    if (lanes_.contains(lane)) order.push_back(lane);
  }
  double zero = std::numeric_limits<double>::infinity();
  for (const auto& [lane, spans] : lanes_) {
    if (std::find(order.begin(), order.end(), lane) == order.end()) order.push_back(lane);
    for (const TraceSpan& span : spans) zero = std::min(zero, span.begin);
  }
  Json events = Json::array();
  for (size_t i = 0; i < order.size(); ++i) {
    const int lane = static_cast<int>(i) + 1;
    events.push_back(name_of_lane(lane, order[i]));
    events.push_back(order_of_lane(lane));
    for (const TraceSpan& span : lanes_.at(order[i])) events.push_back(event(span, lane, zero));
  }
  const Json document{{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void Trace::write(const std::filesystem::path& path, const std::vector<std::string>& lanes) const {
  write_file(path.string(), json(lanes));
}

}  // namespace tandem
