// Element-wise activations on the CPU. Arrays have `count` elements and need no alignment.
#pragma once

#include "core/activation.h"
#include "core/cpu/stored.h"
#include "core/cpu/threads.h"

#include <cstdint>

namespace tandem {

// y = activation(x); y may be x.
void activation_forward(Threads& threads, Activation kind, const Stored& x, const Stored& y,
                        int64_t count);

// dx = activation'(x) dy; dx may be x or dy.
void activation_backward(Threads& threads, Activation kind, const Stored& x, const Stored& dy,
                         const Stored& dx, int64_t count);

}  // namespace tandem
