#include "train/report/html_report.h"

#include "core/error.h"
#include "train/data/write_file.h"
#include "train/report/html.h"
#include "train/report/html_style.h"
#include "train/report/line_chart.h"
#include "train/report/retrieval_html.h"

#include <fmt/format.h>

namespace tandem {
namespace {

std::string header_html(const ReportData& data) {
  std::string html = fmt::format("<header><h1>{}</h1>", escape_html(data.name));
  html += fmt::format("<p class=\"subtitle\">{}</p>", escape_html(data.subtitle));
  if (!data.facts.empty()) {
    html += "<dl class=\"facts\">";
    for (const ReportFact& fact : data.facts) {
      html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_html(fact.label),
                          escape_html(fact.value));
    }
    html += "</dl>";
  }
  if (!data.config.empty()) {
    html += fmt::format("<details><summary>Config</summary><pre>{}</pre></details>",
                        escape_html(data.config));
  }
  return html + "</header>\n";
}

std::string section(const char* title, const std::string& body) {
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, body);
}

std::string table_html(const ReportTable& table) {
  const auto row_html = [](const std::vector<std::string>& cells, const char* tag) {
    std::string html = "<tr>";
    for (const std::string& cell : cells) {
      html += fmt::format("<{0}>{1}</{0}>", tag, escape_html(cell));
    }
    return html + "</tr>\n";
  };
  std::string html = "<table class=\"results\"><thead>" + row_html(table.header, "th");
  html += "</thead><tbody>\n";
  for (const auto& row : table.rows) html += row_html(row, "td");
  return html + "</tbody></table>\n";
}

std::string body_html(const ReportData& data) {
  std::string html = header_html(data);
  for (const ReportTable& table : data.tables) {
    html += section(escape_html(table.title).c_str(), table_html(table));
  }
  if (!data.evaluations.empty()) {
    html += section("Retrieval", results_table_html(data.evaluations));
  }
  if (!data.charts.empty()) {
    std::string charts = "<div class=\"charts\">";
    for (const ReportChart& chart : data.charts) charts += line_chart_html(chart);
    html += section("Curves", charts + "</div>\n");
  }
  if (!data.text_queries.empty()) {
    html += section("Captions and the pictures they find", text_queries_html(data.text_queries));
  }
  if (!data.image_queries.empty()) {
    html += section("Pictures and the captions they find", image_queries_html(data.image_queries));
  }
  if (data.similarity && !data.similarity->pictures.empty()) {
    const std::string title =
        "Similarity of " + std::to_string(data.similarity->pictures.size()) + " pairs" +
        (data.similarity->source.empty() ? "" : " from " + escape_html(data.similarity->source));
    html += section(title.c_str(), similarity_html(*data.similarity));
  }
  return html;
}

}  // namespace

std::string html_report(const ReportData& data) {
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html += fmt::format("<title>{} &ndash; Tandem</title>\n", escape_html(data.name));
  html += std::string("<style>") + report_style + "</style>\n</head>\n<body>\n<main>\n";
  html += body_html(data);
  html += std::string("</main>\n<script>") + report_script + "</script>\n</body>\n</html>\n";
  return html;
}

void write_html_report(const std::filesystem::path& path, const ReportData& data) {
  write_file(path.string(), html_report(data));
}

}  // namespace tandem
