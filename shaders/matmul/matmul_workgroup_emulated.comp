// Matrix products of bf16 or f16 as common/matmul_workgroup.glsl does them, without its matrices:
// the twin by which the tests reach the rest of it, on devices with 16-bit storage.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_shader_16bit_storage : require
#include "common/matmul_workgroup.glsl"
