#include "train/sweep/run_sweep.h"

#include "core/error.h"
#include "train/config/changes.h"
#include "train/config/read.h"
#include "train/config/reference.h"
#include "train/data/write_file.h"
#include "train/lock.h"
#include "train/report/html_report.h"
#include "train/report/metrics_log.h"
#include "train/signals.h"
#include "train/sweep/child.h"

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>

namespace tandem {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct Point {
  GridValues values;
  uint64_t seed = 0;
  std::vector<std::string> overrides;
  RunConfig config;
  fs::path folder;
};

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A key of the grid in full: `adapter.rank` stands for that of the config's kind of adapter,
// `adapter.lora.rank`.
std::string full_key(const std::string& key, const std::string& kind) {
  constexpr std::string_view section = "adapter.";
  if (!key.starts_with(section)) return key;
  const std::string longer = fmt::format("adapter.{}.{}", kind, key.substr(section.size()));
  for (const KeyReference& known : config_keys()) {
    if (known.name == key) return key;
    if (known.name == longer) return longer;
  }
  return key;
}

// All points, their configs read and checked.
std::vector<Point> points_of(const SweepRequest& request, const Sweep& sweep,
                             const fs::path& folder) {
  std::vector<Point> points;
  std::set<fs::path> folders;
  for (const GridValues& values : combinations(sweep.axes)) {
    for (const uint64_t seed : sweep.seeds) {
      Point point;
      point.values = values;
      point.seed = seed;
      point.overrides = request.overrides;
      point.folder = folder / point_name(values, seed);
      for (const auto& [key, value] : values) point.overrides.push_back(key + "=" + value);
      point.overrides.push_back(fmt::format("seed={}", seed));
      point.config = read_run_config(request.config, point.overrides);
      if (!folders.insert(point.folder).second) {
        fail<ConfigError>("sweep: two points would share the folder {}; choose values that differ "
                          "in letters or digits.",
                          point.folder.string());
      }
      points.push_back(std::move(point));
    }
  }
  return points;
}

// What a run measured: of each evaluation its last figures, else the last training loss.
std::map<std::string, double> metrics_of(const fs::path& run) {
  std::map<std::string, double> metrics, training;
  for (const MetricsRecord& record : read_metrics(run / "metrics.jsonl")) {
    for (const auto& [name, value] : record.values) {
      if (record.kind == "eval") metrics[record.name + "/" + name] = value;
      if (record.kind == "train" && name == "loss") training["train/loss"] = value;
    }
  }
  return metrics.empty() ? training : metrics;
}

// The sentence that a program ended with.
std::string last_words(const fs::path& output) {
  std::istringstream text(text_of(output));
  std::string last;
  for (std::string line; std::getline(text, line);) {
    if (!line.empty()) last = line;
  }
  constexpr std::string_view own = "tandem: ";
  return last.starts_with(own) ? last.substr(own.size()) : last;
}

class Runner {
 public:
  Runner(const SweepRequest& request, const Point& point) : request_(request), point_(point) {
    run_.values = point.values;
    run_.seed = point.seed;
    run_.folder = point.folder.string();
  }

  fs::path mark() const { return point_.folder / "sweep.json"; }

  // Whether this point is done. Throws ConfigError where what is in its folder has another config.
  bool done() const {
    const fs::path config = point_.folder / "config.yaml";
    if (!fs::exists(config)) return false;
    const RunConfig before = read_run_config(config.string());
    RunConfig now = point_.config;
    take_filled_in(now, before);
    for (const ConfigChange& change : config_changes(before, now)) {
      if (change.harmless) continue;
      fail<ConfigError>("{}: a run with {} {} is there, and this sweep has {}; name another --run.",
                        point_.folder.string(), change.key, change.before, change.after);
    }
    return fs::exists(mark());
  }

  void remember() {
    try {
      const auto known = ordered_json::parse(text_of(mark()));
      run_.metrics = known.at("metrics").get<std::map<std::string, double>>();
    } catch (const ordered_json::exception& error) {
      fail<DataError>("{}: can't be read ({}); delete it, and the run is done again.",
                      mark().string(), error.what());
    }
  }

  void train() {
    fs::create_directories(point_.folder);
    std::vector<std::string> arguments{request_.program, "train", request_.config, "--run",
                                       point_.folder.string()};
    for (const std::string& text : point_.overrides) {
      arguments.insert(arguments.end(), {"--set", text});
    }
    if (fs::exists(point_.folder / "config.yaml")) arguments.push_back("--resume");
    arguments.insert(arguments.end(), request_.arguments.begin(), request_.arguments.end());
    const fs::path output = point_.folder / "output.txt";
    const int code = run_program(arguments, output.string());
    const bool ended = fs::exists(point_.folder / "report.html");  // the last that a run writes
    if (code == 0 && !ended) {
      run_.error = "stopped before its end; the same command goes on with it";
    } else if (code == 0) {
      run_.metrics = metrics_of(point_.folder);
      write_file(mark().string(), ordered_json{{"metrics", run_.metrics}}.dump(1) + "\n");
    } else {
      run_.error = fmt::format("exit {}: {}", code, last_words(output));
    }
  }

  const SweepRun& run() const { return run_; }

 private:
  const SweepRequest& request_;
  const Point& point_;
  SweepRun run_;
};

SweepRun run_point(const SweepRequest& request, const Point& point, size_t number, size_t of,
                   const SweepNews& news) {
  Runner runner(request, point);
  if (runner.done()) {
    runner.remember();
    news(runner.run(), number, of, "done before");
    return runner.run();
  }
  const auto begin = std::chrono::steady_clock::now();
  runner.train();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  news(runner.run(), number, of,
       runner.run().error.empty() ? fmt::format("{:.1f} s", took.count())
                                  : "failed: " + runner.run().error);
  return runner.run();
}

}  // namespace

Sweep run_sweep(const SweepRequest& request, const SweepNews& news) {
  const RunConfig first = read_run_config(request.config, request.overrides);
  Sweep sweep{.name = first.name, .config = request.config, .axes = request.axes,
              .seeds = request.seeds, .runs = {}};
  if (sweep.seeds.empty()) sweep.seeds = {first.seed};
  for (GridAxis& axis : sweep.axes) axis.key = full_key(axis.key, first.adapter.kind);
  const fs::path folder =
      request.folder.empty() ? fs::path("runs") / (first.name + "-sweep") : request.folder;
  const std::vector<Point> points = points_of(request, sweep, folder);
  for (const Point& point : points) Runner(request, point).done();  // before anything runs
  fs::create_directories(folder);
  const RunLock lock(folder);
  const StopSignals signals;
  for (const Point& point : points) {
    sweep.runs.push_back(run_point(request, point, sweep.runs.size() + 1, points.size(), news));
    if (!StopSignals::requested()) continue;
    fail<Error>("sweep: stopped by {}; the same command goes on with it.", StopSignals::name());
  }
  const std::vector<std::string> metrics = shown_metrics(summarize_sweep(sweep.runs), {});
  write_file((folder / "results.json").string(), sweep_json(sweep).dump(1) + "\n");
  ReportData report{.name = first.name, .subtitle = "sweep", .facts = {}};
  report.facts.push_back({"Runs", fmt::format("{}", points.size())});
  report.config = text_of(request.config);
  report.tables.push_back(sweep_table(sweep, metrics));
  report.charts = sweep_charts(sweep, metrics);
  write_html_report(folder / "report.html", report);
  return sweep;
}

}  // namespace tandem
