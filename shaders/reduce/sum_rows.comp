// Sums; bindings and levels as in common/reduce_rows.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require

#define START 0.0
#define COMBINE(a, b) ((a) + (b))
#include "common/reduce_rows.glsl"
