// The compiled shaders inside the program.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tandem {

// The SPIR-V words of shaders/<family>/<stem>.comp; empty if there is no such shader.
std::span<const uint32_t> embedded_spirv(std::string_view stem);

}  // namespace tandem
