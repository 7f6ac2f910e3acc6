// y[i] = FUNCTION(x[i]) for every i < count.
// One invocation takes four neighbouring elements; workgroups stride over the rest. Elements up to
// the next multiple of 4 are written too: bindings are whole vectors.
//   binding 0  x  [count]  f32, as vectors of 4
//   binding 1  y  [count]  f32, as vectors of 4  written; may be the memory of x
//   push       factor (scale alone reads it), count
layout(local_size_x = 128) in;

layout(std430, binding = 0) readonly buffer X { vec4 x[]; };
layout(std430, binding = 1) writeonly buffer Y { vec4 y[]; };
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
  const uint units = (count + 3) / 4;
  for (uint i = gl_GlobalInvocationID.x; i < units; i += gl_NumWorkGroups.x * 128) {
    const vec4 four = x[i];
    y[i] = vec4(FUNCTION(four.x), FUNCTION(four.y), FUNCTION(four.z), FUNCTION(four.w));
  }
}
