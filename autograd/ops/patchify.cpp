// Patchify: a copy in another order.
//   y[n, (i, j), (c, u, v)] = x[n, c, i P + u, j P + v]          dx: the copy back
// x [N, C, H, W]   y [N, (H/P)(W/P), C P P]
#include "autograd/ops/patchify.h"

#include "autograd/ops/row_runs.h"
#include "core/cpu/threads.h"

#include <algorithm>
#include <cstring>

namespace tandem {

namespace {

// Sizes of the pictures (rows and columns counted in patches).
struct Sizes {
  int64_t pictures, channels, rows, columns, patch;

  // Calls visit(offset in the patches, offset in the pictures) for each run of `patch` elements
  // that is contiguous in both, over one row of patches: `band` in [0, pictures * rows).
  template <class Visit>
  void each_run(int64_t band, Visit&& visit) const {
    const int64_t picture = band / rows;
    const int64_t row = band % rows;
    const int64_t width = columns * patch;
    for (int64_t j = 0; j < columns; ++j) {
      int64_t at = (band * columns + j) * channels * patch * patch;
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t top = ((picture * channels + c) * rows + row) * patch;
        for (int64_t u = 0; u < patch; ++u, at += patch) visit(at, (top + u) * width + j * patch);
      }
    }
  }
};

Sizes sizes_of(const Shape& pixels, int64_t patch) {
  return {pixels[0], pixels[1], pixels[2] / patch, pixels[3] / patch, patch};
}

std::vector<TensorType> infer(const OpContext& context) {
  const Shape& x = context.in(0);
  const int64_t patch = context.attributes->integer("patch");
  if (x.rank() != 4 || patch < 1 || x[2] % patch != 0 || x[3] % patch != 0) {
    fail<ShapeError>(
        "patchify: pixels are {} and patch is {}; expected [N, C, H, W] with H and W "
        "multiples of the patch.",
        x, patch);
  }
  if (context.inputs[0]->dtype != DType::f32) {
    fail<ShapeError>("patchify: pixels are {}; pass f32.", context.inputs[0]->str());
  }
  const Sizes s = sizes_of(x, patch);
  return {{DType::f32, {s.pictures, s.rows * s.columns, s.channels * patch * patch}}};
}

std::vector<TensorType> gradient_infer(const OpContext& context) {
  return {{DType::f32, Shape(context.attributes->integers("pixels"))}};
}

Sizes forward_sizes(const OpContext& context) {
  return sizes_of(context.in(0), context.attributes->integer("patch"));
}

Sizes backward_sizes(const OpContext& context) {
  return sizes_of(context.out(0), context.attributes->integer("patch"));
}

// Copies one way or the other in double.
void reference_copy(const ReferenceBinding& binding, const Sizes& sizes, bool to_patches) {
  const std::vector<double>& from = binding.input(0);
  std::vector<double>& to = binding.output(0);
  for (int64_t band = 0; band < sizes.pictures * sizes.rows; ++band) {
    sizes.each_run(band, [&](int64_t patches, int64_t pixels) {
      for (int64_t v = 0; v < sizes.patch; ++v) {
        const auto source = static_cast<size_t>((to_patches ? pixels : patches) + v);
        to[static_cast<size_t>((to_patches ? patches : pixels) + v)] = from[source];
      }
    });
  }
}

std::function<void()> cpu_copy(const CpuBinding& binding, const Sizes& sizes, bool to_patches) {
  return [threads = binding.threads, from = binding.input(0), to = binding.output(0), sizes,
          to_patches] {
    const auto bytes = static_cast<size_t>(sizes.patch) * sizeof(float);
    threads->run(sizes.pictures * sizes.rows, [&](int64_t band) {
      sizes.each_run(band, [&](int64_t patches, int64_t pixels) {
        std::memcpy(to + (to_patches ? patches : pixels), from + (to_patches ? pixels : patches),
                    bytes);
      });
    });
  };
}

void reference(const ReferenceBinding& binding) {
  reference_copy(binding, forward_sizes(binding), true);
}

void gradient_reference(const ReferenceBinding& binding) {
  reference_copy(binding, backward_sizes(binding), false);
}

std::function<void()> cpu(const CpuBinding& binding) {
  return cpu_copy(binding, forward_sizes(binding), true);
}

std::function<void()> gradient_cpu(const CpuBinding& binding) {
  return cpu_copy(binding, backward_sizes(binding), false);
}

// A run of pictures at a time, as many as one binding may span.
std::vector<Dispatch> copy_dispatches(const VulkanBinding& binding, const Sizes& s,
                                      bool to_patches) {
  const auto word = [](int64_t value) { return static_cast<uint32_t>(value); };
  const int64_t elements = s.channels * s.rows * s.columns * s.patch * s.patch;
  const auto bytes = static_cast<size_t>(elements) * sizeof(float);
  std::vector<Dispatch> all;
  for (const RowRun& run : row_runs("patchify", *binding.device, s.pictures, {bytes})) {
    const int64_t count = run.count * elements;
    const auto groups = std::min<int64_t>((count + 127) / 128, binding.device->max_workgroups[0]);
    all.push_back(
        {.shader = "patchify_copy",
         .buffers = {run.of(binding.input(0), bytes), run.of(binding.output(0), bytes)},
         .writes = 2,
         .specialization = {to_patches ? 1u : 0u},
         .push = {word(count), word(s.channels), word(s.rows), word(s.columns), word(s.patch)},
         .workgroups = {word(groups), 1, 1}});
  }
  return all;
}

std::vector<Dispatch> vulkan(const VulkanBinding& binding) {
  return copy_dispatches(binding, forward_sizes(binding), true);
}

std::vector<Dispatch> gradient_vulkan(const VulkanBinding& binding) {
  return copy_dispatches(binding, backward_sizes(binding), false);
}

std::vector<OpCase> cases() {
  const auto item = [](std::string name, const Shape& pixels, int64_t patch, bool refused) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.type = {DType::f32, pixels}}},
                  .build = [patch](const auto& in) -> std::vector<Tensor> {
                    return {patchify(in[0], patch)};
                  },
                  .refused = refused};
  };
  return {item("two pictures", {2, 3, 8, 12}, 4, false),
          item("patches of one pixel", {1, 2, 3, 5}, 1, false),
          item("one patch, an odd size", {3, 1, 7, 7}, 7, false),
          item("one element", {1, 1, 1, 1}, 1, false),
          item("more than one workgroup", {3, 3, 32, 48}, 8, false),
          item("a height off the multiple", {1, 3, 10, 8}, 4, true),
          item("a patch of no size", {1, 3, 8, 8}, 0, true),
          item("three axes", {3, 8, 8}, 4, true)};
}

const Op& patchify_gradient_op = register_op({.name = "patchify_gradient",
                                              .infer = gradient_infer,
                                              .reference = gradient_reference,
                                              .cpu = gradient_cpu,
                                              .vulkan = gradient_vulkan});

std::vector<Tensor> gradient(const GradientContext& context) {
  const auto axes = context.inputs[0].shape().axes();
  return apply(patchify_gradient_op, {context.output_gradients[0]},
               {{"patch", context.attributes->integer("patch")},
                {"pixels", std::vector<int64_t>(axes.begin(), axes.end())}});
}

const Op& patchify_op = register_op({.name = "patchify",
                                     .infer = infer,
                                     .gradient = gradient,
                                     .reference = reference,
                                     .cpu = cpu,
                                     .vulkan = vulkan,
                                     .cases = cases});

}  // namespace

Tensor patchify(Tensor pixels, int64_t patch) {
  return apply(patchify_op, {pixels}, {{"patch", patch}})[0];
}

}  // namespace tandem
