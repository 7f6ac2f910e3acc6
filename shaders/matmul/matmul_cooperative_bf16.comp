// Matrix products of bf16 by cooperative matrices: common/matmul_cooperative.glsl.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_EXT_bfloat16 : require
#define ELEMENT bfloat16_t
#include "common/matmul_cooperative.glsl"
