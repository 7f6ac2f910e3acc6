// How commands that read a table let the user say how; the config's keys of the same names.
#pragma once

#include "train/config/run_config.h"

#include <CLI/CLI.hpp>

#include <string>

namespace tandem {

// Adds --img-key, --caption-key, --separator, --image-folder, --class-names and --class-template.
// `format` must outlive the parsing.
inline void add_format_options(CLI::App& command, TableFormat& format) {
  const std::string group = "How a table is read";
  const auto add = [&](const char* name, std::string& value, const char* meaning) {
    return command.add_option(name, value, meaning)->group(group);
  };
  add("--img-key", format.img_key, "Column, field or extensions of the picture");
  add("--caption-key", format.caption_key, "Column, field or extensions of the captions");
  add("--separator", format.separator, "Between the columns of a CSV")
      ->check([](const std::string& text) {
        return text.size() == 1 ? std::string() : std::string("expected one character");
      });
  add("--image-folder", format.image_folder, "Where paths of pictures begin");
  add("--class-names", format.class_names, "A file with a class name a line");
  add("--class-template", format.class_template, "Caption of a class: a {}");
}

// Adds the table itself, too.
inline void add_table_options(CLI::App& command, std::string& table, TableFormat& format) {
  command
      .add_option("table", table,
                  "A .jsonl, .csv or .tsv table, .tar shards, a folder of class folders, COCO "
                  "captions (.json) or idx3-ubyte pictures")
      ->required();
  add_format_options(command, format);
}

}  // namespace tandem
