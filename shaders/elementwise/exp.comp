// y = exp(x); bindings as in common/unary.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#define FUNCTION(value) exp(value)
#include "common/unary.glsl"
