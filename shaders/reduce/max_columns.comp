// Largest elements; bindings and levels as in common/reduce_columns.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#include "common/maximum.glsl"

#define COMBINE(a, b) maximum(a, b)
#include "common/reduce_columns.glsl"
