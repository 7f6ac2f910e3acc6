#include "train/report/metrics_log.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>

using namespace tandem;

namespace {

// A file that does not exist yet, in a folder that goes with it.
struct TemporaryFile {
  test::TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "metrics.jsonl";
  std::string content() const { return test::content_of(path); }
};

MetricsRecord record(int64_t step) { return {step, 0.5, "train", "", {{"loss", 2.5}}}; }

}  // namespace

TEST_CASE("a_metrics_line_is_one_json_object_in_the_order_given") {
  CHECK(format_metrics({100, 1.5, "eval", "seen", {{"r1", 0.25}, {"a", 3}}}) ==
        R"({"step":100,"epoch":1.5,"kind":"eval","name":"seen","r1":0.25,"a":3.0})");
}

TEST_CASE("non_finite_values_are_null_and_come_back") {
  TemporaryFile file;
  const double infinity = std::numeric_limits<double>::infinity();
  {
    MetricsLog log(file.path);
    log.append({1, 0, "train", "", {{"loss", NAN}, {"norm", -infinity}, {"lr", 0.1}}});
  }
  CHECK(file.content() == R"({"step":1,"epoch":0.0,"kind":"train","loss":null,"norm":null,)"
                          R"("lr":0.1,"nonfinite":{"loss":"nan","norm":"-inf"}})"
                          "\n");
  const auto records = read_metrics(file.path);
  REQUIRE(records.size() == 1);
  CHECK(std::isnan(records[0].find("loss").value()));
  CHECK(records[0].find("norm").value() == -infinity);
  CHECK(records[0].find("lr").value() == 0.1);
  CHECK(!records[0].find("nonfinite").has_value());
}

TEST_CASE("opening_metrics_cuts_a_torn_last_line") {
  TemporaryFile file;
  { MetricsLog(file.path).append(record(1)); }
  const std::string whole = file.content();
  std::ofstream(file.path, std::ios::app) << R"({"step":2,"ep)";
  CHECK(read_metrics(file.path).size() == 1);
  { MetricsLog(file.path).append(record(2)); }
  CHECK(file.content() == whole + format_metrics(record(2)) + "\n");
}

TEST_CASE("metrics_beyond_the_resumed_step_are_dropped") {
  TemporaryFile file;
  MetricsLog log(file.path);
  for (int64_t step = 1; step <= 5; ++step) log.append(record(step));
  log.truncate_after(3);
  log.append(record(4));
  const auto records = read_metrics(file.path);
  REQUIRE(records.size() == 4);
  CHECK(records[2].step == 3);
  CHECK(records[3].step == 4);
  log.truncate_after(100);
  CHECK(read_metrics(file.path).size() == 4);
}

TEST_CASE("a_line_that_is_not_metrics_is_named") {
  TemporaryFile file;
  { MetricsLog(file.path).append(record(1)); }
  std::ofstream(file.path, std::ios::app) << "[1, 2]\n";
  CHECK_THROWS_WITH_AS(read_metrics(file.path), doctest::Contains("metrics.jsonl:2 is not"),
                       DataError);
}

TEST_CASE("metrics_refuse_what_they_cannot_write") {
  CHECK_THROWS_AS(format_metrics({1, 0, "train", "", {{"step", 1}}}), DataError);
  CHECK_THROWS_AS(MetricsLog("/nonexistent/metrics.jsonl"), DataError);
  CHECK_THROWS_WITH_AS(MetricsLog("/dev/null"), doctest::Contains("not a plain file"), DataError);
}

TEST_CASE("a_line_that_does_not_fit_on_the_disk_leaves_the_file_as_it_was") {
  TemporaryFile file;
  MetricsLog log(file.path);
  log.append(record(1));
  const std::string before = file.content();
  rlimit limit{};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small{before.size() + 10, limit.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  std::string said;
  try {
    log.append(record(2));
  } catch (const DataError& error) {
    said = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, handler);
  CHECK(said.find("a line can't be written to") != std::string::npos);
  CHECK(file.content() == before);
  log.append(record(2));
  CHECK(read_metrics(file.path).size() == 2);
}

TEST_CASE("metrics_that_are_not_there_are_none") {
  CHECK(read_metrics("/nonexistent/metrics.jsonl").empty());
}
