// The driver's cache of compiled pipelines, kept between runs of the program in
// $XDG_CACHE_HOME/tandem (or ~/.cache/tandem), one file a device and driver.
#pragma once

#include "core/vulkan/context.h"

namespace tandem {

// The cache of this device, filled from disk where a whole and fitting file is there.
OwnedPipelineCache load_pipeline_cache(const VulkanContext& context);

// Writes the cache beside its file and renames it. A cache that can't be written is no error: the
// next run compiles again.
void save_pipeline_cache(const VulkanContext& context, VkPipelineCache cache);

}  // namespace tandem
