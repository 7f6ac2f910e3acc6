#include "core/vulkan/pipeline_cache.h"

#include "core/cache_folder.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace tandem {

namespace {

// Drivers check the identity of a cache but not always its contents, so a checksum of ours goes
// before them.
struct Header {
  char magic[8] = {'t', 'a', 'n', 'd', 'e', 'm', 'p', '1'};
  uint64_t bytes = 0;
  uint64_t checksum = 0;
};

constexpr uint64_t most_bytes = 256ull << 20;

// FNV-1a (Fowler, Noll & Vo), 64 bits.
uint64_t checksum(const std::vector<char>& data) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : data) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

// Empty if the environment names no place for caches.
std::filesystem::path cache_file(const VulkanContext& context) {
  const std::filesystem::path folder = cache_folder();
  if (folder.empty()) return {};
  const VkPhysicalDeviceProperties& properties = context.properties();
  std::string name =
      fmt::format("pipelines-{:04x}-{:04x}-", properties.vendorID, properties.deviceID);
  for (const uint8_t byte : properties.pipelineCacheUUID) name += fmt::format("{:02x}", byte);
  return folder / name;
}

std::vector<char> read_cache(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Header header;
  const Header expected;
  if (!file.read(reinterpret_cast<char*>(&header), sizeof(header))) return {};
  if (std::memcmp(header.magic, expected.magic, sizeof(header.magic)) != 0) return {};
  if (header.bytes > most_bytes) return {};
  std::vector<char> data(header.bytes);
  if (!file.read(data.data(), static_cast<std::streamsize>(data.size()))) return {};
  if (checksum(data) != header.checksum) return {};
  return data;
}

void write_cache(const std::filesystem::path& path, const std::vector<char>& data) {
  Header header;
  header.bytes = data.size();
  header.checksum = checksum(data);
  std::string content(reinterpret_cast<const char*>(&header), sizeof(header));
  content.append(data.begin(), data.end());
  replace_cached(path, content);
}

}  // namespace

OwnedPipelineCache load_pipeline_cache(const VulkanContext& context) {
  const std::vector<char> data = read_cache(cache_file(context));
  VkPipelineCacheCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO;
  info.initialDataSize = data.size();
  info.pInitialData = data.data();
  VkPipelineCache cache = VK_NULL_HANDLE;
  TANDEM_VK(vkCreatePipelineCache(context.device(), &info, nullptr, &cache),
            "the cache of pipelines");
  return {context.device(), cache};
}

void save_pipeline_cache(const VulkanContext& context, VkPipelineCache cache) {
  const std::filesystem::path path = cache_file(context);
  size_t bytes = 0;
  if (path.empty() ||
      vkGetPipelineCacheData(context.device(), cache, &bytes, nullptr) != VK_SUCCESS) {
    return;
  }
  std::vector<char> data(bytes);
  if (vkGetPipelineCacheData(context.device(), cache, &bytes, data.data()) != VK_SUCCESS) return;
  data.resize(bytes);
  if (data.size() <= most_bytes) write_cache(path, data);
}

}  // namespace tandem
