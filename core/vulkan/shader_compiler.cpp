#include "core/vulkan/shader_compiler.h"

#include "core/error.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#ifdef TANDEM_GLSLANG
#include <glslang/Public/ResourceLimits.h>
#include <glslang/Public/ShaderLang.h>
#include <glslang/SPIRV/GlslangToSpv.h>
#endif

namespace tandem {

namespace {

namespace fs = std::filesystem;

bool read_text(const fs::path& path, std::string& text) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream contents;
  contents << file.rdbuf();
  text = contents.str();
  return file.good() && !text.empty();
}

#ifdef TANDEM_GLSLANG

// Finds what a shader includes, first beside the file that includes it, then below the shaders'
// folder, as the build does with -I.
class Includer final : public glslang::TShader::Includer {
 public:
  explicit Includer(fs::path folder) : folder_(std::move(folder)) {}

  IncludeResult* includeLocal(const char* name, const char* from, size_t) override {
    IncludeResult* beside = open(fs::path(from).parent_path() / name);
    return beside != nullptr ? beside : open(folder_ / name);
  }
  IncludeResult* includeSystem(const char* name, const char*, size_t) override {
    return open(folder_ / name);
  }
  void releaseInclude(IncludeResult* result) override {
    if (result == nullptr) return;
    delete static_cast<std::string*>(result->userData);
    delete result;
  }

 private:
  static IncludeResult* open(const fs::path& path) {
    auto text = std::make_unique<std::string>();
    if (!read_text(path, *text)) return nullptr;
    const char* data = text->data();
    const size_t bytes = text->size();
    return new IncludeResult(path.string(), data, bytes, text.release());
  }

  fs::path folder_;
};

std::vector<uint32_t> to_spirv(const fs::path& folder, const std::string& path,
                               const std::string& text) {
  static const bool initialized = glslang::InitializeProcess();
  if (!initialized) fail<DeviceError>("shaders: glslang could not be started.");
  const auto messages = static_cast<EShMessages>(EShMsgSpvRules | EShMsgVulkanRules);
  const char* source = text.c_str();
  const char* name = path.c_str();
  const int bytes = static_cast<int>(text.size());
  glslang::TShader shader(EShLangCompute);
  shader.setStringsWithLengthsAndNames(&source, &bytes, &name, 1);
  shader.setEnvInput(glslang::EShSourceGlsl, EShLangCompute, glslang::EShClientVulkan, 100);
  shader.setEnvClient(glslang::EShClientVulkan, glslang::EShTargetVulkan_1_2);
  shader.setEnvTarget(glslang::EShTargetSpv, glslang::EShTargetSpv_1_5);
  Includer includer(folder);
  if (!shader.parse(GetDefaultResources(), 450, false, messages, includer)) {
    fail<DeviceError>("shaders: {} does not compile: {}", path, shader.getInfoLog());
  }
  glslang::TProgram program;
  program.addShader(&shader);
  if (!program.link(messages)) {
    fail<DeviceError>("shaders: {} does not link: {}", path, program.getInfoLog());
  }
  std::vector<uint32_t> words;
  glslang::SpvOptions options;
  options.disableOptimizer = true;
  glslang::GlslangToSpv(*program.getIntermediate(EShLangCompute), words, &options);
  return words;
}

#else

std::vector<uint32_t> to_spirv(const fs::path&, const std::string&, const std::string&) {
  return {};
}

#endif

}  // namespace

ShaderCompiler::ShaderCompiler(const std::string& folder) : folder_(folder) {
  if (folder_.empty()) return;
  if (!available()) {
    fail<DeviceError>(
        "shaders: {} was given but this program was built without the glslang library; "
        "install glslang-dev and build again.",
        folder_);
  }
  if (!fs::is_directory(folder_)) {
    fail<DeviceError>("shaders: '{}' is not a folder; give one laid out like shaders/.", folder_);
  }
  for (const fs::directory_entry& entry :
       fs::recursive_directory_iterator(folder_, fs::directory_options::skip_permission_denied)) {
    if (entry.path().extension() != ".comp") continue;
    const auto [known, is_new] = paths_.emplace(entry.path().stem().string(), entry.path());
    if (!is_new) {
      fail<DeviceError>("shaders: {} and {} have the same name; rename one.", known->second,
                        entry.path().string());
    }
  }
}

bool ShaderCompiler::available() {
#ifdef TANDEM_GLSLANG
  return true;
#else
  return false;
#endif
}

std::vector<uint32_t> ShaderCompiler::compile(const std::string& stem) const {
  const auto found = paths_.find(stem);
  if (found == paths_.end()) return {};
  std::string text;
  if (!read_text(found->second, text)) {
    fail<DeviceError>("shaders: {} can't be read or is empty.", found->second);
  }
  return to_spirv(folder_, found->second, text);
}

}  // namespace tandem
