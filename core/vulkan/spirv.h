// The compiled shaders inside the program.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace tandem {

// The SPIR-V words of shaders/<family>/<stem>.comp; empty if there is no such shader.
std::span<const uint32_t> embedded_spirv(std::string_view stem);

// The stems of all of them.
std::vector<std::string_view> embedded_shaders();

}  // namespace tandem
