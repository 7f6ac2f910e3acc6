// y = a - b with broadcasting; bindings as in common/binary.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#define OPERATION(a, b) ((a) - (b))
#include "common/binary.glsl"
