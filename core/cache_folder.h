// Where what can be made again is kept between runs.
#pragma once

#include <filesystem>
#include <string_view>

namespace tandem {

// $XDG_CACHE_HOME/tandem or ~/.cache/tandem; empty if the environment names neither.
std::filesystem::path cache_folder();

// Replaces a file by another with that content, in one go, and makes its folder. False if that
// can't be done.
bool replace_cached(const std::filesystem::path& file, std::string_view content);

}  // namespace tandem
