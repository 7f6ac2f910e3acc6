// y[i] = FUNCTION(x[i]) for every i < count.
// One workgroup takes 512 elements at a time and strides over the rest.
//   binding 0  x  [count]  f32
//   binding 1  y  [count]  f32  written; may be the memory of x
//   push       factor (scale alone reads it), count
layout(local_size_x = 128) in;

layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) writeonly buffer Y { float y[]; };
layout(push_constant) uniform Push {
  float factor;
  uint count;
};

// What the operations below give for values outside their domain; GLSL leaves it open.
float not_a_number() { return uintBitsToFloat(0x7fc00000u); }
float infinity() { return uintBitsToFloat(0x7f800000u); }

float log_of(float value) {
  if (value == 0.0) return -infinity();
  return value > 0.0 ? log(value) : not_a_number();
}

float sqrt_of(float value) {
  if (value == 0.0) return value;
  return value > 0.0 ? sqrt(value) : not_a_number();
}

void main() {
  for (uint base = gl_WorkGroupID.x * 512; base < count; base += gl_NumWorkGroups.x * 512) {
    for (uint turn = 0; turn < 4; ++turn) {
      const uint i = base + turn * 128 + gl_LocalInvocationID.x;
      if (i < count) y[i] = FUNCTION(x[i]);
    }
  }
}
