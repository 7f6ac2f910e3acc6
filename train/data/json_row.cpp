#include "train/data/json_row.h"

#include "core/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace tandem {
namespace {

using nlohmann::json;

bool has(const json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && !found->is_null();
}

std::vector<std::string> texts(const json& value, const std::string& key) {
  if (!value.is_array()) {
    fail<DataError>("{} is {}; expected an array of strings", key, value.type_name());
  }
  std::vector<std::string> texts;
  for (const json& one : value) {
    if (!one.is_string()) fail<DataError>("{} holds {}; expected strings", key, one.type_name());
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

std::vector<std::string> text_or_texts(const json& object, const std::string& key) {
  const json& value = object[key];
  if (value.is_string()) return {value.get<std::string>()};
  return texts(value, key);
}

std::vector<float> probabilities_of(const json& object, size_t captions) {
  const json& values = object["probabilities"];
  std::vector<float> probabilities;
  float sum = 0;
  for (const json& value : values) {
    if (!value.is_number() || !(value.get<float>() >= 0)) break;
    probabilities.push_back(value.get<float>());
    sum += probabilities.back();
  }
  if (!values.is_array() || probabilities.size() != values.size() || values.size() != captions ||
      !(sum > 0) || !std::isfinite(sum)) {
    fail<DataError>("probabilities does not fit; expected {} numbers from 0, one a caption",
                    captions);
  }
  return probabilities;
}

// A text, or an integer as one.
std::string name_field(const json& object, const char* key) {
  return object[key].is_number_integer() ? object[key].dump() : text_field(object, key);
}

}  // namespace

json parse_object(std::string_view text) {
  json object;
  try {
    object = json::parse(text);
  } catch (const json::exception& error) {
    const std::string what = error.what();  // "[json.exception...] parse error at ...: ..."
    fail<DataError>("broken JSON: {}", what.substr(std::min(what.find("] ") + 2, what.size())));
  }
  if (!object.is_object()) fail<DataError>("the row is {}; expected an object", object.type_name());
  return object;
}

std::string text_field(const json& object, const std::string& key) {
  const json& value = object[key];
  if (!value.is_string()) fail<DataError>("{} is {}; expected a string", key, value.type_name());
  return value.get<std::string>();
}

void add_captions(TableRow& row, const CaptionField& field,
                  const std::vector<std::string>& captions) {
  const auto share = static_cast<float>(field.probability / static_cast<double>(captions.size()));
  row.captions.insert(row.captions.end(), captions.begin(), captions.end());
  row.probabilities.resize(row.captions.size(), share);
}

bool captions_from_json(const json& object, const TableFormat& format,
                        const std::string& caption_key, TableRow& row) {
  if (!format.captions.empty()) {
    for (const CaptionField& field : format.captions) {
      if (has(object, field.key)) add_captions(row, field, text_or_texts(object, field.key));
    }
    return !row.captions.empty();
  }
  if (!caption_key.empty()) {
    if (!has(object, caption_key)) return false;
    row.captions = text_or_texts(object, caption_key);
    return true;
  }
  const bool one = has(object, "caption"), several = has(object, "captions");
  if (one && several) {
    fail<DataError>("the row has both caption and captions; expected one of the two");
  }
  if (!one && !several) return false;
  row.captions = one ? std::vector{text_field(object, "caption")}
                     : texts(object["captions"], "captions");
  if (has(object, "probabilities")) {
    row.probabilities = probabilities_of(object, row.captions.size());
  }
  return true;
}

void names_from_json(const json& object, TableRow& row) {
  if (has(object, "split")) row.split = text_field(object, "split");
  if (row.split.empty()) fail<DataError>("the split is empty; expected a name such as train");
  if (has(object, "group")) row.group = name_field(object, "group");
  if (has(object, "label")) row.label = name_field(object, "label");
}

}  // namespace tandem
