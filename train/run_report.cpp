#include "train/run_report.h"

#include "train/config/reference.h"
#include "train/data/png.h"
#include "train/report/html_report.h"
#include "train/report/metric_charts.h"
#include "train/report/metrics_log.h"

#include <algorithm>

namespace tandem {

namespace {

constexpr int64_t pairs_shown = 24;  // in the similarity matrix
constexpr int64_t examples = 6;      // retrieval examples, each direction
constexpr int64_t hits_shown = 5;

std::string picture(EvalSet& set, int64_t index) { return png_bytes(set.square(index)); }

// Evenly spread indices below `count`.
std::vector<int64_t> spread(int64_t wanted, int64_t count) {
  std::vector<int64_t> indices;
  const int64_t n = std::min(wanted, count);
  for (int64_t i = 0; i < n; ++i) indices.push_back((2 * i + 1) * count / (2 * n));
  return indices;
}

int64_t first_caption(const EvalSet& set, int64_t index) {
  const auto& pictures = set.picture_of();
  return std::find(pictures.begin(), pictures.end(), index) - pictures.begin();
}

std::span<const float> row(const std::vector<float>& features, int64_t index, size_t width) {
  return std::span(features).subspan(static_cast<size_t>(index) * width, width);
}

class Examples {
 public:
  Examples(const ReportedEvaluation& shown)
      : shown_(shown),
        evaluation_(*shown.evaluation),
        set_(*shown.set),
        width_(evaluation_.images.size() / static_cast<size_t>(set_.pictures())) {}

  ReportSimilarity similarity() {
    ReportSimilarity matrix{.source = shown_.name};
    const std::vector<int64_t> chosen = spread(pairs_shown, set_.pictures());
    for (const int64_t index : chosen) {
      matrix.pictures.push_back(picture(set_, index));
      matrix.captions.push_back(set_.caption(first_caption(set_, index)));
    }
    for (const int64_t caption : chosen) {
      const auto text = row(evaluation_.texts, first_caption(set_, caption), width_);
      for (const int64_t index : chosen) {
        const auto image = row(evaluation_.images, index, width_);
        float cosine = 0;
        for (size_t e = 0; e < width_; ++e) cosine += image[e] * text[e];
        matrix.scores.push_back(cosine);
      }
    }
    return matrix;
  }

  ReportQuery text_query(int64_t caption) {
    const int64_t truth = set_.picture_of()[static_cast<size_t>(caption)];
    ReportQuery query{.caption = set_.caption(caption), .candidates = set_.pictures()};
    query.rank = evaluation_.result.text_to_image.ranks[static_cast<size_t>(caption)];
    const auto found =
        top_candidates(row(evaluation_.texts, caption, width_), evaluation_.images, hits_shown);
    for (const RankedCandidate& hit : found) {
      query.hits.push_back({.picture = picture(set_, hit.index),
                            .caption = set_.caption(first_caption(set_, hit.index)),
                            .score = hit.score,
                            .correct = hit.index == truth});
    }
    return query;
  }

  ReportQuery image_query(int64_t index) {
    ReportQuery query{.picture = picture(set_, index),
                      .caption = set_.caption(first_caption(set_, index)),
                      .candidates = set_.captions()};
    query.rank = evaluation_.result.image_to_text.ranks[static_cast<size_t>(index)];
    const auto found =
        top_candidates(row(evaluation_.images, index, width_), evaluation_.texts, hits_shown);
    for (const RankedCandidate& hit : found) {
      query.hits.push_back(
          {.caption = set_.caption(hit.index),
           .score = hit.score,
           .correct = set_.picture_of()[static_cast<size_t>(hit.index)] == index});
    }
    return query;
  }

 private:
  const ReportedEvaluation& shown_;
  const Evaluation& evaluation_;
  EvalSet& set_;
  size_t width_;
};

void add_facts(const ReportInput& input, const std::vector<MetricsRecord>& records,
               ReportData& data) {
  data.facts.push_back({"Device", input.device.name});
  if (input.parameters > 0) {
    data.facts.push_back({"Parameters", fmt::format("{}", input.parameters)});
  }
  if (input.planned_bytes > 0) {
    data.facts.push_back({"Planned peak memory",
                          fmt::format("{:.1f} MB", 1e-6 * static_cast<double>(
                                                              input.planned_bytes))});
  }
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (record->kind != "train") continue;
    data.facts.push_back({"Steps", fmt::format("{}", record->step)});
    if (const auto rate = record->find("pairs_per_second")) {
      data.facts.push_back({"Speed", fmt::format("{:.0f} pairs/s", *rate)});
    }
    if (const auto wait = record->find("data_wait")) {
      data.facts.push_back({"Waiting for data", fmt::format("{:.1f} %", 100 * *wait)});
    }
    break;
  }
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    const auto right = record->kind == "eval" ? record->find("acc1") : std::nullopt;
    if (!right) continue;
    data.facts.push_back({"Accuracy, " + record->name, fmt::format("{:.1f} %", 100 * *right)});
    break;
  }
}

}  // namespace

void write_run_report(const ReportInput& input) {
  const std::vector<MetricsRecord> records = read_metrics(input.folder.metrics());
  ReportData data{.name = input.config.name, .config = to_yaml(input.config)};
  add_facts(input, records, data);
  data.charts = charts_from_metrics(records);
  for (const ReportedEvaluation& shown : input.evaluations) {
    data.evaluations.push_back({shown.name, shown.evaluation->result});
  }
  if (!input.evaluations.empty() && input.evaluations.front().set->has_pictures()) {
    const ReportedEvaluation& shown = input.evaluations.front();
    Examples made(shown);
    data.similarity = made.similarity();
    for (const int64_t caption : spread(examples, shown.set->captions())) {
      data.text_queries.push_back(made.text_query(caption));
    }
    for (const int64_t index : spread(examples, shown.set->pictures())) {
      data.image_queries.push_back(made.image_query(index));
    }
  }
  write_html_report(input.folder.report(), data);
}

namespace {

std::string direction(const RetrievalDirection& result) {
  return fmt::format("R@1 {:.1f} %, R@5 {:.1f} %, R@10 {:.1f} %, median rank {:.0f}",
                     100 * result.recall_at(1), 100 * result.recall_at(5),
                     100 * result.recall_at(10), result.median_rank);
}

}  // namespace

std::string summary(const std::string& name, const RetrievalResult& result) {
  return fmt::format("{} ({} pictures): picture to caption {}; caption to picture {}", name,
                     result.image_to_text.queries, direction(result.image_to_text),
                     direction(result.text_to_image));
}

}  // namespace tandem
