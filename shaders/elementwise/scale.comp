// y = factor x; bindings as in common/unary.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#define FUNCTION(value) ((value) * factor)
#include "common/unary.glsl"
