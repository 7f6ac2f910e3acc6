// The labels of a table as class numbers.
#pragma once

#include "train/data/table.h"

#include <cstdint>
#include <string>
#include <vector>

namespace tandem {

// The labels that the rows have, each once: by number if all are whole numbers, else by name.
std::vector<std::string> classes_of(const std::vector<TableRow>& rows);

// [rows] the number of each row's class, -1 without a label. A label is a class's name, or where
// no class has that name its number from 0. Throws DataError, naming table and line, for others.
std::vector<int32_t> class_labels(const std::vector<TableRow>& rows,
                                  const std::vector<std::string>& classes,
                                  const std::string& table);

}  // namespace tandem
