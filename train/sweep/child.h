// Another program, run to its end.
#pragma once

#include <string>
#include <vector>

namespace tandem {

// Runs `arguments`, the first being the program's path, with its output and errors in the file
// `output`, and waits for it; a signal to stop (StopSignals) is handed on as SIGUSR1, which ends no
// run at once that the terminal has sent the same. Returns its exit code, or 128 and the signal's
// number where one ended it. Throws Error where it can't be started.
int run_program(const std::vector<std::string>& arguments, const std::string& output);

}  // namespace tandem
