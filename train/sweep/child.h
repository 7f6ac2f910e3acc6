// Another program, run to its end.
#pragma once

#include <string>
#include <vector>

namespace tandem {

// Runs `arguments`, the first being the program's path, with its output and errors in the file
// `output`, and waits for it. Returns its exit code, or 128 and the signal's number where one ended
// it. Throws Error where it can't be started.
int run_program(const std::vector<std::string>& arguments, const std::string& output);

}  // namespace tandem
