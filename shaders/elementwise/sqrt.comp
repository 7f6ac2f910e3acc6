// y = sqrt(x); bindings as in common/unary.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#define FUNCTION(value) sqrt_of(value)
#include "common/unary.glsl"
