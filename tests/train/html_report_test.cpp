#include "train/report/html_report.h"

#include "core/error.h"
#include "tests/train/temporary_folder.h"
#include "train/report/html.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace tandem;

namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
  return found;
}

// Whether every element is closed by its own end tag, in order. Looks at the body alone, whose
// attributes are all quoted.
bool is_well_nested(const std::string& page) {
  std::vector<std::string> open;
  const size_t end = page.find("<script>");
  for (size_t at = page.find("<body>"); (at = page.find('<', at)) < end; ++at) {
    const bool closing = page[at + 1] == '/';
    const size_t begin = at + 1 + closing;
    const std::string name = page.substr(begin, page.find_first_of(" >", begin) - begin);
    const bool self_closed = page[page.find('>', at) - 1] == '/';
    if (closing) {
      if (open.empty() || open.back() != name) return false;
      open.pop_back();
    } else if (!self_closed && name != "img") {
      open.push_back(name);
    }
  }
  return open == std::vector<std::string>{"body"};
}

ReportData full_data() {
  ReportData data;
  data.name = "run <1>";
  data.subtitle = "a & b";
  data.facts = {{"Device", "\"cpu\""}};
  data.config = "seed: 1 # <script>";
  data.charts = {{"Loss", "step", {{"raw", {1, 2, 3}, {3, NAN, 1}, true}, {"smoothed", {1}, {2}}}}};
  RetrievalDirection direction{10, 10, {{1, 0.5, {0.25, 0.75}}}, 2, 1.5, {}};
  data.evaluations = {{"seen", {direction, direction}}};
  data.similarity = {"seen", {"png", "png"}, {"<one>", "two"}, {1, 0.5f, 0, 1}};
  data.text_queries = {{"", "a <cat>", 2, 10, {{"png", "dog", 0.7, false}, {"", "c", 0.6, true}}}};
  data.image_queries = {{"png", "a cat", 1, 10, {{"", "a cat", 0.8, true}}}};
  return data;
}

}  // namespace

TEST_CASE("a_report_has_all_parts_and_loads_nothing") {
  const std::string page = html_report(full_data());
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(is_well_nested(page));
  for (const char* title : {"Retrieval", "Curves", "Captions and the pictures they find",
                            "Pictures and the captions they find", "Similarity of 2 pairs"}) {
    CHECK(page.find(title) != std::string::npos);
  }
  CHECK(count(page, "src=\"") == count(page, "src=\"data:image/png;base64,"));
  CHECK(count(page, "href=") == 0);
  CHECK(count(page, "url(") == 0);
  CHECK(page.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("a_report_without_any_part_is_still_a_page") {
  const std::string page = html_report({});
  CHECK(is_well_nested(page));
  CHECK(page.find("<section>") == std::string::npos);
}

TEST_CASE("texts_in_a_report_are_escaped") {
  const std::string page = html_report(full_data());
  CHECK(page.find("run &lt;1&gt;") != std::string::npos);
  CHECK(page.find("# &lt;script&gt;") != std::string::npos);
  CHECK(page.find("<cat>") == std::string::npos);
  CHECK(page.find("<one>") == std::string::npos);
  CHECK(escape_html("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(escape_html("\xF0\x9F\x98\x80 \xC3\xA9\n") == "\xF0\x9F\x98\x80 \xC3\xA9\n");
  const std::string unknown = "\xEF\xBF\xBD";
  CHECK(escape_html("\xFFz") == unknown + "z");
  CHECK(escape_html("\xC3") == unknown);
  CHECK(escape_html("\xED\xA0\x80") == unknown + unknown + unknown);  // a surrogate
  CHECK(escape_html(std::string("\0\x1b", 2)) == unknown + unknown);
}

TEST_CASE("pictures_become_data_uris") {
  CHECK(picture_uri("Man") == "data:image/png;base64,TWFu");
  CHECK(picture_uri("Ma") == "data:image/png;base64,TWE=");
  CHECK(picture_uri("M") == "data:image/png;base64,TQ==");
  CHECK(picture_uri("\xFF\xD8") == "data:image/jpeg;base64,/9g=");
}

TEST_CASE("the_right_hits_of_a_report_are_marked_and_ranks_are_told") {
  const std::string page = html_report(full_data());
  CHECK(count(page, "class=\"hit right\"") == 1);
  CHECK(count(page, "<li class=\"right\"") == 1);
  CHECK(page.find("right one at rank 2 of 10") != std::string::npos);
  CHECK(page.find("50.0<small>25.0&ndash;75.0</small>") != std::string::npos);
  // Caption 0 scores 1 with its picture and 0.5 with the other; caption 1 scores 1 and 0.
  CHECK(page.find("For 2 of 2 captions") != std::string::npos);
}

TEST_CASE("a_similarity_matrix_of_other_sizes_is_refused") {
  ReportData data = full_data();
  data.similarity->scores.pop_back();
  CHECK_THROWS_WITH_AS(html_report(data), doctest::Contains("2 pictures, 2 captions and 3 scores"),
                       DataError);
}

TEST_CASE("a_report_is_written_in_one_piece_or_refused") {
  const test::TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "report.html";
  write_html_report(path, full_data());
  CHECK(test::content_of(path) == html_report(full_data()));
  CHECK(!std::filesystem::exists(path.string() + ".new"));
  CHECK_THROWS_AS(write_html_report(folder.path() / "missing" / "report.html", full_data()),
                  DataError);
}
