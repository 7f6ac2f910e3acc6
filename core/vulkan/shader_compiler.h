// Compiles shaders when the program runs, for people who edit kernels.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace tandem {

class ShaderCompiler {
 public:
  // Finds every <family>/<stem>.comp below `folder`; an empty name switches the compiler off.
  // Throws DeviceError if there is no such folder, two shaders have one stem, or the program was
  // built without glslang.
  explicit ShaderCompiler(const std::string& folder);

  // Whether the program was built with glslang's library.
  static bool available();

  bool enabled() const { return !folder_.empty(); }

  // SPIR-V of a shader; empty if the folder has none of that stem. Throws DeviceError with
  // glslang's message, file and line.
  std::vector<uint32_t> compile(const std::string& stem) const;

 private:
  std::string folder_;
  std::map<std::string, std::string> paths_;  // by stem
};

}  // namespace tandem
