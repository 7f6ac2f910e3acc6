// common/attention_backward_query.glsl with four invocations a row.
#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#define QUADS
#include "common/attention_backward_query.glsl"
