// Class names and prompt templates of zero-shot classification.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tandem {

// The lines of a file, without blank ones: class names. Throws ConfigError for a file that can't
// be read, has no lines, or has one twice.
std::vector<std::string> read_class_names(const std::string& path);

// The same for prompt templates: each has the class's place, {} or {c}. Throws ConfigError where
// one has not.
std::vector<std::string> read_templates(const std::string& path);

// A template with the class's name at its place (or places).
std::string fill_template(std::string_view text, std::string_view name);

// Where the text behind the class's last place begins; 0 without one.
size_t after_name(std::string_view text);

}  // namespace tandem
