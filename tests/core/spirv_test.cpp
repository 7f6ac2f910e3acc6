// The shaders inside the program, against the validator of SPIR-V.
#include "core/vulkan/spirv.h"

#include "tests/devices.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace tandem;

namespace {

// The validator that ctest found, or the path's.
std::string validator() {
  const char* given = std::getenv("TANDEM_SPIRV_VAL");
  return given == nullptr ? "spirv-val" : given;
}

// What spirv-val says of these words, which need Vulkan 1.2, or 1.3 if they are SPIR-V 1.6; nothing
// if they are valid.
std::string complaints(std::span<const uint32_t> words) {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("tandem-{}.spv", getpid());
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(words.data()),
             static_cast<std::streamsize>(words.size_bytes()));
  const std::string command =
      fmt::format("{} --target-env {} {} 2>&1", validator(),
                  words[1] >= 0x10600 ? "vulkan1.3" : "vulkan1.2", path.string());
  std::string said;
  std::FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) said += buffer.data();
  const int status = pclose(pipe);
  std::filesystem::remove(path);
  if (status != 0 && said.empty()) said = "no message";
  return status == 0 ? "" : said;
}

}  // namespace

TEST_CASE("every_shader_is_valid_spirv") {
  if (std::system((validator() + " --version >/dev/null 2>&1").c_str()) != 0) {
    MESSAGE("not tested: there is no spirv-val (Debian: spirv-tools)");
    return;
  }
  for (const std::string_view stem : embedded_shaders()) {
    const std::string name(stem);
    const std::string said = complaints(embedded_spirv(stem));
    if (said.find("Invalid capability operand") != std::string::npos) {
      MESSAGE("not tested: " << name << ": " << validator() << " is older than its extensions");
      continue;
    }
    CAPTURE(name);
    CHECK(said == "");
  }
}

TEST_CASE("cooperative_shaders_are_there_or_said_to_be_missing") {
  const std::vector<std::string_view> all = embedded_shaders();
  for (const char* stem : {"matmul_cooperative_f16", "matmul_cooperative_bf16",
                           "matmul_workgroup_f16", "matmul_workgroup_bf16"}) {
    if (std::find(all.begin(), all.end(), stem) == all.end()) {
      MESSAGE("not tested: " << stem << " was left out, since this build's glslang is too old");
    }
  }
  for (const char* stem : {"matmul_emulated", "matmul_workgroup_emulated"}) {
    CHECK(std::find(all.begin(), all.end(), stem) != all.end());
  }
}
