#include "train/report/retrieval_html.h"

#include "core/error.h"
#include "train/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tandem {
namespace {

std::string percent(double share) { return fmt::format("{:.1f}", 100 * share); }

// A rank's average: whole ones without decimals.
std::string rank_text(double rank) {
  return rank == std::floor(rank) ? fmt::format("{:.0f}", rank) : fmt::format("{:.1f}", rank);
}

std::string result_row(const std::string& name, const char* direction,
                       const RetrievalDirection& result) {
  std::string row = fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td>",
                                escape_html(name), direction, result.queries, result.candidates);
  for (const Recall& recall : result.recalls) {
    row += fmt::format("<td>{}", percent(recall.share));
    if (recall.interval.high > recall.interval.low) {
      row += fmt::format("<small>{}&ndash;{}</small>", percent(recall.interval.low),
                         percent(recall.interval.high));
    }
    row += "</td>";
  }
  return row + fmt::format("<td>{}</td><td>{:.1f}</td></tr>\n", rank_text(result.median_rank),
                           result.mean_rank);
}

// How strong a cell is drawn: 0 for the lowest score, 1 for the highest.
struct ScoreRange {
  float low = std::numeric_limits<float>::infinity();
  float high = -std::numeric_limits<float>::infinity();

  explicit ScoreRange(const std::vector<float>& scores) {
    for (const float score : scores) {
      if (!std::isfinite(score)) continue;
      low = std::min(low, score);
      high = std::max(high, score);
    }
  }
  float place(float score) const {
    if (!std::isfinite(score) || high <= low) return 0;
    return (score - low) / (high - low);
  }
};

std::string matrix_row(const ReportSimilarity& similarity, size_t row, const ScoreRange& range) {
  const size_t pairs = similarity.pictures.size();
  const std::string caption = escape_html(similarity.captions[row]);
  std::string html = fmt::format("<tr><th title=\"{}\" dir=\"auto\">{}</th>", caption, caption);
  for (size_t column = 0; column < pairs; ++column) {
    const float score = similarity.scores[row * pairs + column];
    html += fmt::format("<td{}><i style=\"opacity:{:.2f}\" title=\"{:.3f}\"></i></td>",
                        row == column ? " class=\"pair\"" : "", range.place(score), score);
  }
  return html + "</tr>\n";
}

// How many captions have their own picture strictly ahead of all others.
size_t count_right(const ReportSimilarity& similarity) {
  const size_t pairs = similarity.pictures.size();
  size_t right = 0;
  for (size_t row = 0; row < pairs; ++row) {
    const float* scores = similarity.scores.data() + row * pairs;
    bool best = true;
    for (size_t column = 0; column < pairs; ++column) {
      best = best && (column == row || scores[column] < scores[row]);
    }
    right += best;
  }
  return right;
}

std::string rank_line(const ReportQuery& query) {
  if (query.rank <= 0) return {};
  return fmt::format("<p class=\"quiet\">right one at rank {} of {}</p>", query.rank,
                     query.candidates);
}

}  // namespace

std::string results_table_html(std::span<const ReportEvaluation> evaluations) {
  std::string html =
      "<div class=\"card\"><table class=\"results\"><thead><tr><th>Evaluation</th>"
      "<th>Direction</th><th>Queries</th><th>Candidates</th><th>R@1 %</th><th>R@5 %</th>"
      "<th>R@10 %</th><th>Median rank</th><th>Mean rank</th></tr></thead><tbody>\n";
  for (const ReportEvaluation& evaluation : evaluations) {
    html += result_row(evaluation.name, "picture to caption", evaluation.result.image_to_text);
    html += result_row(evaluation.name, "caption to picture", evaluation.result.text_to_image);
  }
  return html +
         "</tbody></table></div><p class=\"quiet\">Small figures: 95 % bootstrap interval over "
         "pictures. A tie counts as lost.</p>\n";
}

std::string similarity_html(const ReportSimilarity& similarity) {
  const size_t pairs = similarity.pictures.size();
  if (similarity.captions.size() != pairs || similarity.scores.size() != pairs * pairs) {
    fail<DataError>(
        "report: the similarity matrix has {} pictures, {} captions and {} scores; "
        "give one caption a picture and one score for each of both.",
        pairs, similarity.captions.size(), similarity.scores.size());
  }
  const ScoreRange range(similarity.scores);
  std::string html = "<div class=\"card\"><table class=\"matrix\"><tr><th></th>";
  for (size_t i = 0; i < pairs; ++i) {
    html += "<td>" + picture_html(similarity.pictures[i], similarity.captions[i]) + "</td>";
  }
  html += "</tr>\n";
  for (size_t row = 0; row < pairs; ++row) html += matrix_row(similarity, row, range);
  html += "</table>";
  if (range.high > range.low) {
    html +=
        fmt::format("<p class=\"quiet scale\">{:.2f} <b></b> {:.2f}</p>", range.low, range.high);
  }
  return html + fmt::format(
                    "</div><p class=\"quiet\">Cosine of every caption with every picture; "
                    "true pairs are framed. For {} of {} captions their own picture "
                    "scores highest.</p>\n",
                    count_right(similarity), pairs);
}

std::string text_queries_html(std::span<const ReportQuery> queries) {
  std::string html = "<div class=\"card\">";
  for (const ReportQuery& query : queries) {
    html += fmt::format(
        "<div class=\"query\"><div class=\"asked\"><span dir=\"auto\">{}</span>{}"
        "</div><div class=\"hits\">",
        escape_html(query.caption), rank_line(query));
    for (const ReportHit& hit : query.hits) {
      html += fmt::format("<div class=\"hit{}\">{}{}{:.3f}</div>", hit.correct ? " right" : "",
                          picture_html(hit.picture, hit.caption), hit.correct ? "&#10003; " : "",
                          hit.score);
    }
    html += "</div></div>\n";
  }
  return html + "</div>\n";
}

std::string image_queries_html(std::span<const ReportQuery> queries) {
  std::string html = "<div class=\"card\">";
  for (const ReportQuery& query : queries) {
    html += fmt::format(
        "<div class=\"query\"><div class=\"asked\">{}<span dir=\"auto\">{}</span>"
        "{}</div><ol class=\"captions\">",
        picture_html(query.picture, query.caption), escape_html(query.caption), rank_line(query));
    for (const ReportHit& hit : query.hits) {
      html += fmt::format(
          "<li{}><b>{}</b><span dir=\"auto\">{}</span><span class=\"bar\">"
          "<i style=\"width:{:.0f}%\"></i></span><span>{:.3f}</span></li>",
          hit.correct ? " class=\"right\"" : "", hit.correct ? "&#10003;" : "",
          escape_html(hit.caption), 100 * std::clamp(hit.score, 0.0, 1.0), hit.score);
    }
    html += "</ol></div>\n";
  }
  return html + "</div>\n";
}

}  // namespace tandem
