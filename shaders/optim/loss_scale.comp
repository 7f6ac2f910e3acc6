// Dynamic loss scaling (autograd/ops/loss_scale.h), by one invocation.
//   binding 0  norm     [1]  f32, of the scaled gradients
//   binding 1  scale    [1]  f32  read and written
//   binding 2  tracker  [1]  f32  read and written: steps since the scale changed
//   binding 3  failed   [1]  f32: 1 while updates are held back
//   push       growth factor, backoff factor, growth interval
#version 450

layout(local_size_x = 1) in;

layout(std430, binding = 0) readonly buffer Norm { float norm[]; };
layout(std430, binding = 1) buffer Scale { float scale[]; };
layout(std430, binding = 2) buffer Tracker { float tracker[]; };
layout(std430, binding = 3) readonly buffer Failed { float failed[]; };
layout(push_constant) uniform Push {
  float growth;
  float backoff;
  float interval;
};

// By the bits, since a compiler may take every number for finite.
bool finite(float x) { return (floatBitsToUint(x) & 0x7f800000u) != 0x7f800000u; }

void main() {
  if (failed[0] != 0.0) return;
  if (!finite(norm[0])) {
    scale[0] *= backoff;
    tracker[0] = 0.0;
    return;
  }
  const float steps = tracker[0] + 1.0;
  const bool grows = steps >= interval;
  tracker[0] = grows ? 0.0 : steps;
  const float grown = scale[0] * growth;
  if (grows && finite(grown)) scale[0] = grown;
}
