// When this process began, for what it says of its own start.
#pragma once

namespace tandem {

// Seconds since the system started this process: loading its libraries counts. Where /proc does
// not tell, since the program's first own code.
double seconds_since_start();

}  // namespace tandem
