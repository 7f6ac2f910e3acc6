// Matrix products of bf16 or f16 as common/matmul_cooperative.glsl does them, on any device, but
// slowly: the twin by which the tests reach all of it but the matrices themselves.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "common/matmul_cooperative.glsl"
