// CPU kernels over rows: every SIMD target and number of threads gives the same, and NaN shows.
#include "core/cpu/attention.h"
#include "core/cpu/layer_norm.h"
#include "core/cpu/losses.h"
#include "core/cpu/softmax.h"
#include "core/philox.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace tandem;

namespace {

using Values = std::vector<float>;

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

Values random_values(size_t count, uint32_t which) {
  Random random(5, which, 0, RandomUse::test);
  Values values(count);
  for (float& value : values) value = static_cast<float>(2 * random.uniform() - 1);
  return values;
}

Stored stored(Values& values) { return {reinterpret_cast<std::byte*>(values.data())}; }

Values attention_and_gradient(Threads& threads, const cpu::AttentionShape& shape) {
  const auto count = static_cast<size_t>(shape.samples * shape.tokens * shape.heads * shape.width);
  Values qkv = random_values(3 * count, 0), dout = random_values(count, 1);
  Values out(count), lse(count / static_cast<size_t>(shape.width)), dqkv(3 * count);
  cpu::attention(threads, shape, stored(qkv), stored(out), lse.data());
  cpu::attention_gradient(threads, shape, stored(qkv), stored(out), lse.data(), stored(dout),
                          stored(dqkv));
  out.insert(out.end(), dqkv.begin(), dqkv.end());
  return out;
}

Values layer_norm_and_gradient(Threads& threads) {
  constexpr int64_t rows = 900, columns = 70;
  const Values x = random_values(rows * columns, 0);
  Values dy = random_values(rows * columns, 1);
  const Values gamma = random_values(columns, 2), beta = random_values(columns, 3);
  Values y(rows * columns), mean(rows), rstd(rows), dx(rows * columns), sums(2 * columns);
  Values scratch(cpu::layer_norm_gradient_scratch(rows, columns));
  cpu::layer_norm(threads, x.data(), gamma.data(), beta.data(), stored(y), mean.data(), rstd.data(),
                  rows, columns, 1e-5f);
  cpu::layer_norm_gradient(
      threads, {x.data(), gamma.data(), mean.data(), rstd.data(), stored(dy), dx.data(), sums.data(),
                sums.data() + columns, scratch.data(), rows, columns});
  y.insert(y.end(), dx.begin(), dx.end());
  y.insert(y.end(), sums.begin(), sums.end());
  return y;
}

Values contrastive_and_gradient(Threads& threads) {
  constexpr int64_t size = 150;
  const Values similarity = random_values(size * size, 0);
  const float scale = 2, dloss = 1;
  std::vector<double> scratch(cpu::pair_loss_scratch(size) / sizeof(double));
  const cpu::PairLoss work{.threads = &threads,
                           .similarity = similarity.data(),
                           .logit_scale = &scale,
                           .logit_bias = nullptr,
                           .scratch = reinterpret_cast<float*>(scratch.data()),
                           .size = size,
                           .smoothing = 0.1};
  Values rows(size), columns(size), result(size * size + 2);
  cpu::contrastive_loss(work, &result[0], rows.data(), columns.data());
  cpu::contrastive_loss_gradient(work, rows.data(), columns.data(), &dloss, &result[2], &result[1]);
  return result;
}

const cpu::AttentionShape shapes[] = {
    {2, 65, 3, 32, false}, {2, 77, 2, 20, true}, {1, 130, 1, 16, false}, {1, 9, 40, 8, true}};

// What each family of kernels gives, one after another.
Values all_results(Threads& threads) {
  Values all = layer_norm_and_gradient(threads);
  for (const cpu::AttentionShape& shape : shapes) {
    const Values more = attention_and_gradient(threads, shape);
    all.insert(all.end(), more.begin(), more.end());
  }
  const Values more = contrastive_and_gradient(threads);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE("rows_do_not_depend_on_the_number_of_threads") {
  Threads one(1), three(3);
  CHECK(all_results(one) == all_results(three));
}

TEST_CASE("every_simd_target_gives_the_same_rows") {
  Threads threads(1);
  const Values expected = all_results(threads);
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    CAPTURE(std::string(hwy::TargetName(target)));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const Values got = all_results(threads);
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    REQUIRE(got.size() == expected.size());
    size_t wrong = 0;
    for (size_t i = 0; i < got.size(); ++i) {
      const float difference = std::fabs(got[i] - expected[i]);
      wrong += difference <= 2e-5f * (1 + std::fabs(expected[i])) ? 0 : 1;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a_nan_in_a_row_shows_in_its_result_wherever_it_stands") {
  Threads threads(1);
  for (size_t place = 0; place < 37; ++place) {
    CAPTURE(place);
    Values x = random_values(37, 0);
    x[place] = nan_value;
    Values y(37);
    cpu::softmax(threads, x.data(), y.data(), 1, 37);
    CHECK(std::isnan(y[0]));
    cpu::l2_normalize(threads, x.data(), y.data(), 1, 37, 1e-12f);
    CHECK(std::isnan(y[0]));
    float lse = 0;
    cpu::row_log_sum_exp(threads, x.data(), &lse, 1, 37);
    CHECK(std::isnan(lse));
  }
}

TEST_CASE("a_nan_in_a_key_shows_in_every_query_that_sees_it") {
  Threads threads(1);
  const cpu::AttentionShape shape{1, 21, 1, 8, true};
  Values qkv = random_values(21 * 24, 0), out(21 * 8), lse(21);
  constexpr size_t key = 17;
  qkv[key * 24 + 8 + 3] = nan_value;
  cpu::attention(threads, shape, stored(qkv), stored(out), lse.data());
  for (size_t query = 0; query < 21; ++query) {
    CAPTURE(query);
    CHECK(std::isnan(out[query * 8]) == (query >= key));
  }
}
