// How commands that read a table let the user say how; the config's keys of the same names.
#pragma once

#include "train/config/run_config.h"

#include <CLI/CLI.hpp>

#include <string>

namespace tandem {

// Adds the table itself and --img-key, --caption-key, --separator, --image-folder, --class-names
// and --class-template. `table` and `format` must outlive the parsing.
inline void add_table_options(CLI::App& command, std::string& table, TableFormat& format) {
  command
      .add_option("table", table,
                  "A .jsonl, .csv or .tsv table, .tar shards, a folder of class folders, COCO "
                  "captions (.json) or idx3-ubyte pictures")
      ->required();
  command.add_option("--img-key", format.img_key, "Column, field or extensions of the picture");
  command.add_option("--caption-key", format.caption_key,
                     "Column, field or extensions of the captions");
  command.add_option("--separator", format.separator, "Between the columns of a CSV")
      ->check([](const std::string& text) {
        return text.size() == 1 ? std::string() : std::string("expected one character");
      });
  command.add_option("--image-folder", format.image_folder, "Where paths of pictures begin");
  command.add_option("--class-names", format.class_names, "A file with a class name a line");
  command.add_option("--class-template", format.class_template, "Caption of a class: a {}");
}

}  // namespace tandem
