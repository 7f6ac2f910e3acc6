// Largest elements; bindings and levels as in common/reduce_rows.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/maximum.glsl"

#define START uintBitsToFloat(0xff800000u)
#define COMBINE(a, b) maximum(a, b)
#include "common/reduce_rows.glsl"
