// Products of 16-bit factors on Vulkan: every design that takes them, tails, transpositions, parts
// and epilogues, against a reference in double of the same rounded factors. The cooperative and
// workgroup designs run where the driver has matrices; the emulated ones are all of them but the
// matrices themselves.
#include "autograd/ops/activation.h"
#include "autograd/ops/matmul_kernels.h"
#include "core/cpu/stored.h"
#include "core/philox.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

struct Case {
  const char* name;
  MatmulShape shape;
};

const Case cases[] = {
    {"NN off every multiple", {.m = 37, .n = 71, .k = 19}},
    {"NN on the multiple of 8", {.m = 72, .n = 136, .k = 40}},
    {"NT", {.m = 70, .n = 133, .k = 37, .transpose_b = true}},
    {"NT on the multiple of 8", {.m = 64, .n = 72, .k = 56, .transpose_b = true}},
    {"TN", {.m = 71, .n = 130, .k = 37, .transpose_a = true}},
    {"TN on the multiple of 8", {.m = 40, .n = 64, .k = 96, .transpose_a = true}},
    {"TT", {.m = 34, .n = 66, .k = 21, .transpose_a = true, .transpose_b = true}},
    {"one element", {.m = 1, .n = 1, .k = 1}},
    {"batched TN", {.batch = 3, .m = 33, .n = 10, .k = 9, .transpose_a = true}},
    {"k in parts", {.m = 5, .n = 6, .k = 1030, .transpose_b = true}},
};

// What a product is given and its result in double.
struct Problem {
  MatmulShape shape;
  MatmulTypes types;
  bool epilogue;
  std::vector<double> a, b, bias, residual;
  std::vector<double> pre, y;

  Problem(const MatmulShape& s, const MatmulTypes& t, bool with_epilogue)
      : shape(s), types(t), epilogue(with_epilogue) {
    a = values(s.batch * s.m * s.k, 1, t.in);
    b = values(s.batch * s.k * s.n, 2, t.in);
    y.resize(static_cast<size_t>(s.batch * s.m * s.n));
    bias = values(s.n, 3, DType::f32);
    residual = values(s.batch * s.m * s.n, 4, DType::f32);
    reference_product(s, a, b, y);
    pre = y;
    if (!epilogue) return;
    for (size_t i = 0; i < y.size(); ++i) {
      pre[i] += bias[i % static_cast<size_t>(s.n)];
      y[i] = activation_reference(pre[i], Activation::gelu) + residual[i];
    }
  }

  static std::vector<double> values(int64_t count, uint32_t which, DType type) {
    Random random(3, which, 0, RandomUse::test);
    std::vector<double> all;
    for (int64_t i = 0; i < count; ++i) {
      const auto x = static_cast<float>(2 * random.uniform() - 1);
      all.push_back(type == DType::f32    ? x
                    : type == DType::bf16 ? float_from_bf16(bf16_from_float(x))
                                          : float_from_f16(f16_from_float(x)));
    }
    return all;
  }
};

class Runner {
 public:
  explicit Runner(Device& device) : device_(device) {}

  // y and pre of the problem by `design`.
  std::pair<std::vector<float>, std::vector<float>> run(const Problem& p, MatmulDesign design) {
    MatmulRanges ranges{.a = upload(p.a, p.types.in), .b = upload(p.b, p.types.in)};
    ranges.y = block(p.y.size() * size_of(p.types.y));
    if (p.epilogue) {
      ranges.bias = upload(p.bias, DType::f32);
      ranges.residual = upload(p.residual, DType::f32);
      ranges.pre = block(p.y.size() * size_of(p.types.pre));
      ranges.activation = Activation::gelu;
    }
    const DeviceInfo& info = device_.info();
    const BufferRange scratch =
        block(product_dispatches_scratch(p.shape, info, p.types, design) + 4);
    Kernel kernel{.label = "a product", .host = nullptr, .dispatches = {}};
    kernel.dispatches = product_dispatches(p.shape, info, p.types, design, ranges, scratch);
    device_.record({kernel}, {}, {})->submit({});
    return {download(ranges.y, p.types.y), download(ranges.pre, p.types.pre)};
  }

 private:
  BufferRange block(size_t bytes) {
    memories_.push_back(device_.allocate((bytes + 3) / 4 * 4, "a test"));
    return {memories_.back().get(), 0, bytes};
  }

  BufferRange upload(const std::vector<double>& values, DType type) {
    const std::vector<float> floats(values.begin(), values.end());
    std::vector<std::byte> bytes(floats.size() * size_of(type));
    Stored{bytes.data(), type}.store(floats.data(), 0, static_cast<int64_t>(floats.size()));
    const BufferRange range = block(bytes.size());
    device_.write(range, bytes.data());
    return range;
  }

  std::vector<float> download(const BufferRange& range, DType type) {
    if (range.memory == nullptr) return {};
    std::vector<std::byte> bytes = read_all<std::byte>(device_, range);
    std::vector<float> floats(bytes.size() / size_of(type));
    Stored{bytes.data(), type}.load(0, static_cast<int64_t>(floats.size()), floats.data());
    return floats;
  }

  Device& device_;
  std::vector<std::unique_ptr<Memory>> memories_;
};

void compare(const char* what, const std::vector<float>& got, const std::vector<double>& expected,
             DType type) {
  const double tolerance = type == DType::f32 ? 2e-5 : type == DType::f16 ? 1e-3 : 8e-3;
  double scale = 1e-3;
  for (const double value : expected) scale = std::max(scale, std::fabs(value));
  for (size_t i = 0; i < got.size(); ++i) {
    const double allowed = tolerance * scale;
    if (std::fabs(got[i] - expected[i]) <= allowed) continue;
    FAIL_CHECK(what, " at ", i, ": ", got[i], " against ", expected[i], ", tolerance ", allowed);
    return;
  }
}

void check(Device& device, const Case& item, const MatmulTypes& types, MatmulDesign design,
           bool epilogue) {
  const std::string design_name(name_of(design));
  const std::string type(name_of(types.in));
  CAPTURE(item.name);
  CAPTURE(design_name);
  CAPTURE(type);
  const Problem problem(item.shape, types, epilogue);
  const auto [y, pre] = Runner(device).run(problem, design);
  compare("y", y, problem.y, types.y);
  compare("pre", pre, problem.pre, types.pre);
}

// A design's code is the same for every size of its tile, and for both types but for a conversion,
// and drivers take long to compile it: so the other sizes and types see fewer cases.
std::vector<Case> cases_of(MatmulDesign design, bool first_type) {
  if (!first_type) return {cases[3], cases[4]};
  if (design == MatmulDesign::small || design == MatmulDesign::emulated ||
      design == MatmulDesign::cooperative_small || design == MatmulDesign::workgroup_small ||
      design == MatmulDesign::workgroup_emulated) {
    return {std::begin(cases), std::end(cases)};
  }
  return {cases[0], cases[3], cases[4]};
}

// Calls test(device, design, type, whether it is the design's first type).
template <class Test>
void for_each_design(Test&& test) {
  for_each_vulkan_device([&](Device& device) {
    for (const MatmulDesign design : matmul_designs()) {
      bool first = true;
      for (const DType type : {DType::bf16, DType::f16}) {
        if (!variant_of(design, {.in = type}, device.info())) continue;
        test(device, design, type, first);
        first = false;
      }
    }
  });
}

}  // namespace

TEST_CASE("products_of_16_bits_agree_with_the_reference_in_every_design") {
  for_each_design([](Device& device, MatmulDesign design, DType type, bool first) {
    for (const Case& item : cases_of(design, first)) {
      check(device, item, {.in = type}, design, false);
    }
  });
}

TEST_CASE("results_of_16_bits_share_words_right_with_every_part_of_the_epilogue") {
  for_each_design([](Device& device, MatmulDesign design, DType type, bool first) {
    check(device, cases[1], {.in = type, .y = type, .pre = type}, design, true);
    if (!first) return;
    check(device, cases[1], {.in = type, .y = DType::f32, .pre = type}, design, true);
    check(device, cases[1], {.in = type, .y = type, .pre = DType::f32}, design, true);
    if (design != MatmulDesign::small) return;  // what follows is matmul_finish.comp's
    for (const Case& item : {cases[0], cases[8], cases[9]}) {
      check(device, item, {.in = type, .y = type, .pre = type}, design, true);
    }
  });
}

TEST_CASE("designs_with_matrices_are_tested_where_a_driver_has_them") {
  bool cooperative = false, workgroup = false;
  for (const NamedDevice& named : vulkan_devices()) {
    const KernelTraits traits = kernel_traits(named.device->info());
    cooperative = cooperative || !traits.cooperative.empty();
    workgroup = workgroup || !traits.workgroup.empty();
  }
  if (!cooperative) MESSAGE("not tested but for the emulated: no driver has cooperative matrices");
  if (!workgroup) MESSAGE("not tested but for the emulated: no driver has a workgroup's matrices");
}
