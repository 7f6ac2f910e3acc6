// Shaders compiled while the program runs.
#include "core/vulkan/shader_compiler.h"

#include "core/error.h"
#include "core/vulkan/spirv.h"
#include "tests/devices.h"
#include "tests/folders.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace tandem;

namespace {

// A folder of shaders that goes away again.
class ShaderFolder {
 public:
  ShaderFolder()
      : path_(std::filesystem::temp_directory_path() / fmt::format("tandem-shaders-{}", getpid())) {
    std::filesystem::create_directories(path_ / "family");
  }
  ~ShaderFolder() { std::filesystem::remove_all(path_); }

  void add(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

// True, with a message, where the program was built without glslang's library.
bool skipped() {
  if (ShaderCompiler::available()) return false;
  MESSAGE("not tested: built without glslang's library (Debian: glslang-dev)");
  return true;
}

constexpr const char* fills_with_seven = R"(#version 450
#extension GL_GOOGLE_include_directive : enable
#include "common/value.glsl"
layout(local_size_x = 1) in;
layout(std430, binding = 0) buffer Y { uint y[]; };
void main() { y[0] = seven; }
)";

std::string refusal(const std::string& folder, const std::string& stem) {
  try {
    ShaderCompiler(folder).compile(stem);
  } catch (const DeviceError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a_shader_folder_takes_the_place_of_the_embedded_shaders") {
  if (skipped()) return;
  const ShaderFolder folder;
  folder.add("common/value.glsl", "const uint seven = 7;\n");
  folder.add("family/fill.comp", fills_with_seven);
  DeviceOptions options;
  options.validation = true;
  options.shader_dir = folder.path();
  for (const NamedDevice& named : vulkan_devices()) {
    const std::unique_ptr<Device> device = open_device(named.name, options);
    const auto memory = device->allocate(4, "a test");
    Dispatch dispatch;
    dispatch.shader = "fill";
    dispatch.buffers = {whole_of(*memory)};
    dispatch.writes = 1;
    device->record({{"fill", {}, {dispatch}}}, {}, {})->submit({});
    CHECK(read_all<uint32_t>(*device, whole_of(*memory)) == std::vector<uint32_t>{7});
  }
}

TEST_CASE("a_shader_that_does_not_compile_is_refused_with_file_and_line") {
  if (skipped()) return;
  const ShaderFolder folder;
  folder.add("family/bad.comp", "#version 450\nvoid main() {\n  float x = y;\n}\n");
  const std::string message = refusal(folder.path(), "bad");
  CHECK(message.find("family/bad.comp:3: 'y' : undeclared identifier") != std::string::npos);
}

TEST_CASE("an_include_that_is_not_there_is_named") {
  if (skipped()) return;
  const ShaderFolder folder;
  folder.add("family/bad.comp", fills_with_seven);
  CHECK(refusal(folder.path(), "bad").find("common/value.glsl") != std::string::npos);
}

TEST_CASE("a_shader_folder_that_is_none_is_refused") {
  if (skipped()) return;
  CHECK_THROWS_WITH_AS(ShaderCompiler("/no/such/folder"),
                       "shaders: '/no/such/folder' is not a folder; give one laid out like "
                       "shaders/.",
                       DeviceError);
}

TEST_CASE("the_run_time_compiler_makes_what_the_build_embedded") {
  if (skipped()) return;
  const ShaderCompiler compiler((test::source_folder() / "shaders").string());
  const std::span<const uint32_t> embedded = embedded_spirv("fill");
  const std::vector<uint32_t> compiled = compiler.compile("fill");
  CHECK(std::equal(embedded.begin(), embedded.end(), compiled.begin(), compiled.end()));
}
