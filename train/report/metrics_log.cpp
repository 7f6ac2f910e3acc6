#include "train/report/metrics_log.h"

#include "core/error.h"

#include <fcntl.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

namespace tandem {
namespace {

using Json = nlohmann::ordered_json;

bool is_reserved(std::string_view name) {
  return name == "step" || name == "epoch" || name == "kind" || name == "name" ||
         name == "nonfinite";
}

const char* name_nonfinite(double value) {
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

double value_nonfinite(const std::string& name) {
  if (name == "inf") return std::numeric_limits<double>::infinity();
  if (name == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

std::string read_whole(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  if (!std::filesystem::is_regular_file(path)) {
    fail<DataError>("metrics: {} is not a plain file; move it away.", path.string());
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    fail<DataError>("metrics: {} can't be read; check that it is a file that you may read.",
                    path.string());
  }
  return std::move(content).str();
}

MetricsRecord parse_record(std::string_view line) {
  const Json json = Json::parse(line);
  MetricsRecord record;
  record.step = json.at("step").get<int64_t>();
  record.epoch = json.at("epoch").get<double>();
  record.kind = json.at("kind").get<std::string>();
  record.name = json.value("name", "");
  const Json nonfinite = json.value("nonfinite", Json::object());
  for (const auto& [name, value] : json.items()) {
    if (is_reserved(name)) continue;
    record.values.emplace_back(name, value.is_null() ? value_nonfinite(nonfinite.value(name, "nan"))
                                                     : value.get<double>());
  }
  return record;
}

// The records of all whole lines, and where each begins.
struct Lines {
  std::vector<MetricsRecord> records;
  std::vector<size_t> offsets;
};

Lines read_lines(const std::filesystem::path& path) {
  const std::string content = read_whole(path);
  Lines lines;
  size_t begin = 0;
  for (size_t end; (end = content.find('\n', begin)) != std::string::npos; begin = end + 1) {
    try {
      lines.records.push_back(parse_record(std::string_view(content).substr(begin, end - begin)));
    } catch (const Json::exception&) {
      fail<DataError>(
          "metrics: {}:{} is not a metrics line (a JSON object with step, epoch and kind); remove "
          "that line or move the file away.",
          path.string(), lines.records.size() + 1);
    }
    lines.offsets.push_back(begin);
  }
  return lines;
}

// Bytes up to and with the last line feed.
size_t whole_bytes(const std::string& content) {
  const size_t last = content.rfind('\n');
  return last == std::string::npos ? 0 : last + 1;
}

void cut(int file, const std::filesystem::path& path, size_t bytes) {
  if (ftruncate(file, static_cast<off_t>(bytes)) != 0) {
    fail<DataError>("metrics: {} can't be cut to {} bytes: {}.", path.string(), bytes,
                    std::strerror(errno));
  }
}

}  // namespace

std::optional<double> MetricsRecord::find(std::string_view value_name) const {
  for (const auto& [name_of_value, value] : values) {
    if (name_of_value == value_name) return value;
  }
  return std::nullopt;
}

std::string format_metrics(const MetricsRecord& record) {
  Json json;
  json["step"] = record.step;
  json["epoch"] = record.epoch;
  json["kind"] = record.kind;
  if (!record.name.empty()) json["name"] = record.name;
  Json nonfinite = Json::object();
  for (const auto& [name, value] : record.values) {
    if (is_reserved(name)) {
      fail<DataError>("metrics: a value is named '{}', which is a field of every line; rename it.",
                      name);
    }
    if (std::isfinite(value)) {
      json[name] = value;
    } else {
      json[name] = nullptr;
      nonfinite[name] = name_nonfinite(value);
    }
  }
  if (!nonfinite.empty()) json["nonfinite"] = nonfinite;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<MetricsRecord> read_metrics(const std::filesystem::path& path) {
  return read_lines(path).records;
}

MetricsLog::MetricsLog(std::filesystem::path path) : path_(std::move(path)) {
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0) {
    fail<DataError>("metrics: {} can't be opened for appending: {}.", path_.string(),
                    std::strerror(errno));
  }
  try {
    const std::string content = read_whole(path_);
    if (whole_bytes(content) < content.size()) cut(file_, path_, whole_bytes(content));
  } catch (...) {
    close(file_);
    throw;
  }
}

MetricsLog::~MetricsLog() { close(file_); }

void MetricsLog::truncate_after(int64_t step) {
  const Lines lines = read_lines(path_);
  for (size_t i = 0; i < lines.records.size(); ++i) {
    if (lines.records[i].step > step) return cut(file_, path_, lines.offsets[i]);
  }
}

void MetricsLog::drop_evaluations(int64_t step) {
  Lines lines = read_lines(path_);
  const auto is_one = [step](const MetricsRecord& line) {
    return line.kind == "eval" && line.step == step;
  };
  const auto first = std::find_if(lines.records.begin(), lines.records.end(), is_one);
  if (first == lines.records.end()) return;
  cut(file_, path_, lines.offsets[static_cast<size_t>(first - lines.records.begin())]);
  for (auto line = first; line != lines.records.end(); ++line) {
    if (!is_one(*line)) append(*line);
  }
}

void MetricsLog::append(const MetricsRecord& record) {
  const std::string line = format_metrics(record) + "\n";
  const off_t before = lseek(file_, 0, SEEK_END);
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = write(file_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const std::string reason = std::strerror(errno);
      // What was written of the line goes; if that fails too, the next opening cuts it.
      if (before >= 0 && ftruncate(file_, before) != 0) errno = 0;
      fail<DataError>("metrics: a line can't be written to {}: {}.", path_.string(), reason);
    }
    done += static_cast<size_t>(count);
  }
}

}  // namespace tandem
