#include "train/report/line_chart.h"

#include "train/report/axis.h"
#include "train/report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tandem {
namespace {

// The drawing's units; the page scales it.
constexpr double width = 520, height = 250;
constexpr double left = 54, right = 14, top = 10, bottom = 38;
constexpr size_t most_points = 600;  // of a line; about one a pixel
constexpr size_t colors = 6;         // of the page's style; more lines are dashed

struct Point {
  double x, y;
};

struct Drawing {
  Axis x_axis, y_axis;

  double x(double value) const { return left + x_axis.place(value) * (width - left - right); }
  double y(double value) const { return height - bottom - y_axis.place(value) * plot_height(); }
  static double plot_height() { return height - top - bottom; }
};

// The finite points between two gaps; a line is several such runs.
using Runs = std::vector<std::vector<Point>>;

Runs split_at_gaps(const ReportLine& line) {
  Runs runs(1);
  const size_t count = std::min(line.x.size(), line.y.size());
  for (size_t i = 0; i < count; ++i) {
    if (std::isfinite(line.x[i]) && std::isfinite(line.y[i])) {
      runs.back().push_back({line.x[i], line.y[i]});
    } else if (!runs.back().empty()) {
      runs.emplace_back();
    }
  }
  if (runs.back().empty()) runs.pop_back();
  return runs;
}

// Of every stretch its lowest and highest point, in the order they came.
std::vector<Point> thin(const std::vector<Point>& points) {
  if (points.size() <= most_points) return points;
  std::vector<Point> kept;
  const size_t stretches = most_points / 2;
  for (size_t i = 0; i < stretches; ++i) {
    const auto begin = points.begin() + static_cast<std::ptrdiff_t>(i * points.size() / stretches);
    const auto end =
        points.begin() + static_cast<std::ptrdiff_t>((i + 1) * points.size() / stretches);
    const auto [low, high] =
        std::minmax_element(begin, end, [](const Point& a, const Point& b) { return a.y < b.y; });
    kept.push_back(*std::min(low, high));
    if (low != high) kept.push_back(*std::max(low, high));
  }
  return kept;
}

Drawing make_drawing(const std::vector<Runs>& lines, bool from_zero) {
  const double infinity = std::numeric_limits<double>::infinity();
  Point low{infinity, infinity}, high{-infinity, -infinity};
  for (const Runs& runs : lines) {
    for (const auto& run : runs) {
      for (const Point& point : run) {
        low = {std::min(low.x, point.x), std::min(low.y, point.y)};
        high = {std::max(high.x, point.x), std::max(high.y, point.y)};
      }
    }
  }
  if (low.x > 0 && low.x < high.x / 4) low.x = 0;  // training begins at zero
  if (from_zero) {
    low.y = std::min(low.y, 0.0);
    if (high.y <= 0) high.y = 1;
  }
  return {make_axis(low.x, high.x, 6, false), make_axis(low.y, high.y, 5, true)};
}

std::string axes_svg(const Drawing& drawing, const std::string& x_label) {
  std::string svg;
  for (const double tick : drawing.y_axis.ticks) {
    const double y = drawing.y(tick);
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>"
        "<text x=\"{}\" y=\"{:.1f}\" class=\"end\">{}</text>",
        left, width - right, y, y, left - 7, y + 3.5, format_tick(tick, drawing.y_axis));
  }
  for (const double tick : drawing.x_axis.ticks) {
    const double x = drawing.x(tick);
    svg += fmt::format(
        "<line class=\"tick\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{}\" y2=\"{}\"/>"
        "<text x=\"{:.1f}\" y=\"{}\" class=\"mid\">{}</text>",
        x, x, height - bottom, height - bottom + 4, x, height - bottom + 16,
        format_tick(tick, drawing.x_axis));
  }
  svg += fmt::format("<line class=\"axis\" x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\"/>", left,
                     width - right, height - bottom, height - bottom);
  return svg + fmt::format("<text x=\"{}\" y=\"{}\" class=\"mid label\">{}</text>",
                           (left + width - right) / 2, height - 5, escape_html(x_label));
}

// The classes of every line. A faint line has the colour of the line it lies behind.
std::vector<std::string> line_classes(const std::vector<ReportLine>& lines) {
  std::vector<std::string> classes;
  size_t color = 0;
  for (const ReportLine& line : lines) {
    classes.push_back(fmt::format("c{}{}{}", color % colors + 1, line.faint ? " faint" : "",
                                  color >= colors ? " dashed" : ""));
    if (!line.faint) ++color;
  }
  return classes;
}

// The line's paths (a dot for a point alone), and its points for the page's script as
// [x on the drawing, y on the drawing, x, y].
struct LineDrawing {
  std::string svg;
  std::string points;
};

LineDrawing draw_line(const Runs& runs, const std::string& style, const Drawing& drawing) {
  LineDrawing drawn;
  for (const auto& run : runs) {
    const std::vector<Point> points = thin(run);
    std::string path;
    for (const Point& point : points) {
      const double x = drawing.x(point.x), y = drawing.y(point.y);
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x, y);
      drawn.points += fmt::format("{}[{:.1f},{:.1f},{:.6g},{:.4g}]",
                                  drawn.points.empty() ? "" : ",", x, y, point.x, point.y);
    }
    drawn.svg += fmt::format("<path class=\"{}\" d=\"{}\"/>", style, path);
    if (points.size() == 1) {
      drawn.svg += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", style,
                               drawing.x(points[0].x), drawing.y(points[0].y));
    }
  }
  return drawn;
}

std::string legend_html(const std::vector<ReportLine>& lines,
                        const std::vector<std::string>& classes) {
  std::string html = "<div class=\"legend\">";
  for (size_t i = 0; i < lines.size(); ++i) {
    html +=
        fmt::format("<span><i class=\"{}\"></i>{}</span>", classes[i], escape_html(lines[i].name));
  }
  return html + "</div>";
}

size_t count_gaps(const ReportLine& line) {
  return static_cast<size_t>(
      std::count_if(line.y.begin(), line.y.end(), [](double y) { return !std::isfinite(y); }));
}

}  // namespace

std::string line_chart_html(const ReportChart& chart) {
  std::vector<Runs> lines;
  size_t gaps = 0, points = 0;
  for (const ReportLine& line : chart.lines) {
    lines.push_back(split_at_gaps(line));
    if (!line.faint) gaps += count_gaps(line);  // a faint line's would count twice
    for (const auto& run : lines.back()) points += run.size();
  }
  const std::vector<std::string> classes = line_classes(chart.lines);
  const std::string title = escape_html(chart.title);
  std::string html = fmt::format("<figure class=\"chart\"><figcaption>{}", title);
  if (chart.lines.size() > 1) html += legend_html(chart.lines, classes);
  html += "</figcaption>";
  if (points == 0) return html + "<p class=\"quiet\">No values yet.</p></figure>\n";

  const Drawing drawing = make_drawing(lines, chart.from_zero);
  std::string data, paths;
  for (size_t i = 0; i < lines.size(); ++i) {
    const LineDrawing drawn = draw_line(lines[i], classes[i], drawing);
    paths += drawn.svg;
    data += fmt::format("{}{{\"style\":\"{}\",\"points\":[{}]}}", i > 0 ? "," : "", classes[i],
                        drawn.points);
  }
  html += fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" "
      "data-x=\"{}\" data-lines='[{}]'>{}{}</svg>",
      width, height, title, escape_html(chart.x_label), data, axes_svg(drawing, chart.x_label),
      paths);
  if (gaps > 0) {
    html += fmt::format("<p class=\"quiet\">{} value{} not finite.</p>", gaps,
                        gaps == 1 ? " is" : "s are");
  }
  return html + "</figure>\n";
}

}  // namespace tandem
