#include "core/vulkan/tuning_file.h"

#include "core/cache_folder.h"
#include "core/error.h"
#include "core/sha256.h"
#include "core/vulkan/spirv.h"

#include <fstream>
#include <sstream>

namespace tandem {

namespace {

constexpr std::string_view checksum_key = "sha256 ";

std::string hash_of(std::string_view text) {
  Sha256 hash;
  hash.add(text);
  return hash.finish();
}

std::string hash_of_shaders() {
  Sha256 hash;
  for (const std::string_view stem : embedded_shaders()) {
    hash.add(stem);
    hash.add(std::as_bytes(embedded_spirv(stem)));
  }
  return hash.finish();
}

std::string driver_line(const DeviceInfo& device) {
  return fmt::format("tandem-tuning 1\ndriver {}\n", device.driver);
}
std::string shaders_line() { return fmt::format("shaders {}\n", hash_of_shaders()); }

Tuning ignored(const std::filesystem::path& file, std::string_view why) {
  return {{}, fmt::format("tuning: {} {}; kernels are chosen by built-in rules until 'tandem tune' "
                          "is run again.",
                          file.string(), why)};
}

}  // namespace

std::filesystem::path tuning_path(const DeviceInfo& device) {
  const std::filesystem::path folder = cache_folder();
  return folder.empty() ? folder : folder / fmt::format("tuning-{}", device.uuid);
}

Tuning load_tuning(const DeviceInfo& device) {
  const std::filesystem::path file = tuning_path(device);
  std::ifstream stream(file, std::ios::binary);
  if (file.empty() || !stream) return {};
  std::ostringstream content;
  content << stream.rdbuf();
  const std::string text = content.str();
  const size_t end = text.rfind(checksum_key);
  if (end == std::string::npos ||
      text.substr(end) != fmt::format("{}{}\n", checksum_key, hash_of(text.substr(0, end)))) {
    return ignored(file, "is damaged");
  }
  const std::string driver = driver_line(device);
  if (!text.starts_with(driver)) return ignored(file, "was measured with another driver");
  const std::string shaders = shaders_line();
  if (text.compare(driver.size(), shaders.size(), shaders) != 0) {
    return ignored(file, "was measured with the kernels of another build");
  }
  const size_t begin = driver.size() + shaders.size();
  return {parse_tuned(std::string_view(text).substr(begin, end - begin)), {}};
}

void save_tuning(const DeviceInfo& device, const TunedKernels& kernels) {
  const std::filesystem::path file = tuning_path(device);
  if (file.empty()) {
    fail<DeviceError>("tuning: there is no place for it; set HOME or XDG_CACHE_HOME.");
  }
  std::string text = driver_line(device) + shaders_line() + tuned_lines(kernels);
  text += fmt::format("{}{}\n", checksum_key, hash_of(text));
  if (!replace_cached(file, text)) {
    fail<DeviceError>("tuning: {} can't be written; see that its folder is yours and has room.",
                      file.string());
  }
}

std::string tuned_lines(const TunedKernels& kernels) {
  std::string lines;
  for (const auto& [what, variant] : kernels) lines += fmt::format("{}\t{}\n", what, variant);
  return lines;
}

TunedKernels parse_tuned(std::string_view lines) {
  TunedKernels kernels;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);) {
    const size_t tab = line.find('\t');
    if (tab != std::string::npos) kernels[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return kernels;
}

}  // namespace tandem
