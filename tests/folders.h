// Folders that tests read.
#pragma once

#include <filesystem>

namespace tandem::test {

// The checkout that the tests were built from.
std::filesystem::path source_folder();

// Fixtures and data beside the checkout, or in TANDEM_SHARED; a test that finds none says so.
std::filesystem::path shared_folder();

}  // namespace tandem::test
