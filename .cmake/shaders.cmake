# Compiles every shaders/<family>/<stem>.comp to SPIR-V and embeds it in tandem_objects as a table
# from stem to words (core/vulkan/spirv.h). Edits of a shader or of any .glsl that it may include
# rebuild it. Stems are unique over families, since kernels are named by them.
find_program(GLSLANG NAMES glslangValidator glslang REQUIRED)

set(shader_root ${PROJECT_SOURCE_DIR}/shaders)
set(shader_output ${PROJECT_BINARY_DIR}/spirv)
file(GLOB shaders CONFIGURE_DEPENDS ${shader_root}/*/*.comp)
file(GLOB_RECURSE shader_includes CONFIGURE_DEPENDS ${shader_root}/*.glsl)
file(MAKE_DIRECTORY ${shader_output})

# Extensions that older versions of glslang don't know (Debian 12's knows none). Shaders that name
# one are left out then, and the devices that could run them take others.
set(unknown_extensions)
foreach(extension GL_KHR_cooperative_matrix GL_EXT_bfloat16 GL_NV_cooperative_matrix2)
  set(probe ${shader_output}/${extension}.comp)
  file(CONFIGURE OUTPUT ${probe} @ONLY
       CONTENT "#version 450\n#extension @extension@ : require\nvoid main() {}\n")
  execute_process(COMMAND ${GLSLANG} --quiet -V --target-env vulkan1.3 -o ${probe}.spv ${probe}
                  RESULT_VARIABLE refused OUTPUT_QUIET ERROR_QUIET)
  if(refused)
    list(APPEND unknown_extensions ${extension})
  endif()
endforeach()

set(shader_headers)
set(shader_stems)
set(shader_declarations "")
set(shader_entries "")
foreach(shader IN LISTS shaders)
  get_filename_component(stem ${shader} NAME_WE)
  if(stem IN_LIST shader_stems)
    message(FATAL_ERROR "Two shaders are named ${stem}.comp; the second is ${shader}. "
                        "Rename one: kernels are named by the stem alone.")
  endif()
  list(APPEND shader_stems ${stem})
  file(READ ${shader} text)
  set(missing)
  foreach(extension IN LISTS unknown_extensions)
    if(text MATCHES "#extension ${extension} ")
      set(missing ${extension})
    endif()
  endforeach()
  if(missing)
    message(STATUS "Left out ${stem}: ${GLSLANG} does not know ${missing}")
    continue()
  endif()
  set(target vulkan1.2)
  if(text MATCHES "#extension GL_NV_cooperative_matrix2 ")
    set(target vulkan1.3)  # it asks for SPIR-V 1.6
  endif()
  set(header ${shader_output}/${stem}.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${GLSLANG} --quiet -V --target-env ${target} -I${shader_root} --vn spirv_${stem}
            -o ${header} ${shader}
    DEPENDS ${shader} ${shader_includes}
    COMMENT "Compiling shader ${stem}"
    VERBATIM)
  list(APPEND shader_headers ${header})
  string(APPEND shader_declarations "#include \"spirv/${stem}.h\"\n")
  string(APPEND shader_entries "  {\"${stem}\", spirv_${stem}},\n")
endforeach()

file(CONFIGURE OUTPUT ${shader_output}/table.cpp @ONLY CONTENT [[
// Made by .cmake/shaders.cmake.
#include "core/vulkan/spirv.h"

namespace tandem {

namespace {

@shader_declarations@
struct Entry {
  std::string_view stem;
  std::span<const uint32_t> words;
};

const Entry entries[] = {
@shader_entries@  {},
};

}  // namespace

std::span<const uint32_t> embedded_spirv(std::string_view stem) {
  for (const Entry& entry : entries) {
    if (entry.stem == stem) return entry.words;
  }
  return {};
}

std::vector<std::string_view> embedded_shaders() {
  std::vector<std::string_view> stems;
  for (const Entry& entry : entries) {
    if (!entry.stem.empty()) stems.push_back(entry.stem);
  }
  return stems;
}

}  // namespace tandem
]])
target_sources(tandem_objects PRIVATE ${shader_output}/table.cpp ${shader_headers})

# Compiling at run time (--shader-dir) needs the glslang library. Its parts and their names vary
# with its version, and Debian ships it as static libraries only, so take those that are there, in
# the order in which they need one another.
find_path(GLSLANG_INCLUDE glslang/Public/ResourceLimits.h)
find_library(GLSLANG_LIBRARY glslang)
find_library(GLSLANG_SPIRV_LIBRARY SPIRV)
if(GLSLANG_INCLUDE AND GLSLANG_LIBRARY AND GLSLANG_SPIRV_LIBRARY)
  set(glslang_libraries ${GLSLANG_SPIRV_LIBRARY} ${GLSLANG_LIBRARY})
  foreach(part MachineIndependent GenericCodeGen OGLCompiler OSDependent
               glslang-default-resource-limits SPIRV-Tools-opt SPIRV-Tools)
    find_library(GLSLANG_PART_${part} ${part})
    if(GLSLANG_PART_${part})
      list(APPEND glslang_libraries ${GLSLANG_PART_${part}})
    endif()
  endforeach()
  target_link_libraries(tandem_objects PUBLIC ${glslang_libraries})
  # Debian's glslang has no run-time type information, which UBSan's vptr check would ask for.
  set_source_files_properties(${PROJECT_SOURCE_DIR}/core/vulkan/shader_compiler.cpp PROPERTIES
                              COMPILE_DEFINITIONS TANDEM_GLSLANG
                              COMPILE_OPTIONS -fno-sanitize=vptr)
else()
  message(STATUS "No glslang library (Debian: glslang-dev): built without --shader-dir")
endif()
