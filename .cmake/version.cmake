# Defines core/version.h's constants in one small file, which every build looks at again and which
# is written only where the revision is another: a commit recompiles that file alone.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(
    COMMAND git -C ${source} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    set(revision unknown)
  endif()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [[
// Made by .cmake/version.cmake.
#include "core/version.h"

namespace tandem {

const char* const version = "@version@";
const char* const git_revision = "@revision@";

}  // namespace tandem
]])
  return()
endif()

set(version_source ${PROJECT_BINARY_DIR}/version.cpp)
add_custom_target(tandem_version
  COMMAND ${CMAKE_COMMAND} -D source=${PROJECT_SOURCE_DIR} -D output=${version_source}
          -D version=${PROJECT_VERSION} -P ${CMAKE_CURRENT_LIST_FILE}
  BYPRODUCTS ${version_source}
  VERBATIM)
target_sources(tandem_objects PRIVATE ${version_source})
add_dependencies(tandem_objects tandem_version)
