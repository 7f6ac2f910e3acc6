// The errors Tandem throws. Each message is one sentence or two: who, what was given, what was
// expected, what to do. The program maps ConfigError to exit code 2 and every other one to 1.
#pragma once

#include <fmt/core.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace tandem {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// An op was given tensors or attributes that do not fit together.
struct ShapeError : Error {
  using Error::Error;
};

// A config, an option or another thing that the user wrote is wrong.
struct ConfigError : Error {
  using Error::Error;
};

// A device is missing, refused a call, ran out of memory or was lost.
struct DeviceError : Error {
  using Error::Error;
};

// A picture, a table or another data file can't be used.
struct DataError : Error {
  using Error::Error;
};

// A checkpoint or weights file is damaged, of another model, or can't be written.
struct CheckpointError : Error {
  using Error::Error;
};

// Throws E with a message in fmt's format: fail<ShapeError>("matmul: {} ...", shape).
template <class E, class... Arguments>
[[noreturn]] void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  throw E(fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace tandem
