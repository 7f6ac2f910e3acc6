#include "train/data/join_captions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <vector>

using namespace tandem;

namespace {

std::vector<std::string> parts_of(const std::string& joined) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= joined.size();) {
    const size_t end = std::min(joined.find(", ", begin), joined.size());
    parts.push_back(joined.substr(begin, end - begin));
    begin = end + 2;
  }
  return parts;
}

}  // namespace

TEST_CASE("a_joined_caption_has_the_first_and_others_each_once") {
  const std::vector<std::string> captions{"lemon", "citrus", "fruit", "sour", "yellow"};
  std::map<size_t, int> lengths;
  std::map<std::string, int> times;
  std::set<size_t> places;  // of the first
  for (uint32_t sample = 0; sample < 3000; ++sample) {
    Random random(1, 2, sample, RandomUse::caption);
    const auto parts = parts_of(joined_captions(captions, 4, random));
    ++lengths[parts.size()];
    for (const auto& part : parts) ++times[part];
    const auto first = std::find(parts.begin(), parts.end(), "lemon");
    places.insert(static_cast<size_t>(first - parts.begin()));
    CHECK(std::set<std::string>(parts.begin(), parts.end()).size() == parts.size());
  }
  CHECK(times["lemon"] == 3000);
  CHECK(places == std::set<size_t>{0, 1, 2, 3});
  for (const size_t length : {2, 3, 4}) CHECK(std::abs(lengths[length] - 1000) <= 130);
  for (size_t i = 1; i < captions.size(); ++i) CHECK(std::abs(times[captions[i]] - 1500) <= 140);
  CHECK(lengths.size() == 3);
  CHECK(times.size() == 5);
}

TEST_CASE("a_joined_caption_takes_no_more_than_there_are") {
  for (uint32_t sample = 0; sample < 20; ++sample) {
    Random random(1, 2, sample, RandomUse::caption);
    CHECK(joined_captions(std::vector<std::string>{"lemon"}, 9, random) == "lemon");
    const auto two = joined_captions(std::vector<std::string>{"lemon", "sour"}, 9, random);
    CHECK((two == "lemon, sour" || two == "sour, lemon"));
  }
}
