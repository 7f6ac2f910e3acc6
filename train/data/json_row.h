// What a JSON object says of a picture: a row of a JSONL table, or a .json member of a shard.
#pragma once

#include "train/data/table.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace tandem {

// Parses one object. Throws DataError for anything else.
nlohmann::json parse_object(std::string_view text);

// The text of a field. Throws DataError for another type.
std::string text_field(const nlohmann::json& object, const std::string& key);

// Fills row.captions and row.probabilities from the fields of format.captions; else from
// `caption_key`; else, where that is empty, from caption, or captions and probabilities. A field is
// a text or an array of texts; a field that is null is not there. False if there are none of them.
// Throws DataError for other types, and for probabilities that do not fit.
bool captions_from_json(const nlohmann::json& object, const TableFormat& format,
                        const std::string& caption_key, TableRow& row);

// Fills split, group and label, if they are there. Throws DataError for other types.
void names_from_json(const nlohmann::json& object, TableRow& row);

// Adds the captions of one field, each with its share of the field's probability.
void add_captions(TableRow& row, const CaptionField& field,
                  const std::vector<std::string>& captions);

}  // namespace tandem
