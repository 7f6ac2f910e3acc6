// Sums; bindings and levels as in common/reduce_columns.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#define COMBINE(a, b) ((a) + (b))
#include "common/reduce_columns.glsl"
