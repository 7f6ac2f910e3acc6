// What this build is.
#pragma once

namespace tandem {

extern const char* const version;       // "0.1.0"
extern const char* const git_revision;  // "2b1c04fd9a31", with "-dirty" where files differed from
                                        // it; "unknown" outside a git work tree

}  // namespace tandem
