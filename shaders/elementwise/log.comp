// y = log(x); bindings as in common/unary.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#define FUNCTION(value) log_of(value)
#include "common/unary.glsl"
