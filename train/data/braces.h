// Names with braces, as shells expand them.
#pragma once

#include <string>
#include <vector>

namespace tandem {

// "a-{00..02}.tar" becomes a-00.tar, a-01.tar, a-02.tar, with the digits of the first number;
// "{x,y}.tar" becomes x.tar, y.tar; several braces give every combination, the last changing first.
// "a::b" is a, then b. Throws ConfigError for braces of another form, a range that falls, and more
// than 1'000'000 names.
std::vector<std::string> expand_braces(const std::string& pattern);

}  // namespace tandem
