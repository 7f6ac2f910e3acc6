#include "train/evaluate/probes.h"

#include "core/error.h"
#include "tests/train/features/small_features.h"
#include "tests/train/temporary_folder.h"
#include "train/evaluate/linear_probe.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace tandem;
using namespace tandem::test;

namespace {

// Gradients of the probe's loss at a classifier, in double: the largest component.
double largest_gradient(const LinearClassifier& classifier, const LabelledRows& rows,
                        double weight_decay) {
  const size_t K = classifier.bias.size(), E = classifier.weight.size() / K;
  const std::vector<float> x = rows.features->read_all();
  std::vector<double> gradient(classifier.weight.size() + K);
  for (size_t n = 0; n < rows.rows.size(); ++n) {
    std::vector<double> p(K);
    double sum = 0;
    for (size_t c = 0; c < K; ++c) {
      double score = classifier.bias[c];
      for (size_t e = 0; e < E; ++e) score += classifier.weight[c * E + e] * x[n * E + e];
      sum += p[c] = std::exp(score);
    }
    for (size_t c = 0; c < K; ++c) {
      const double error = (p[c] / sum - (rows.labels[n] == static_cast<int32_t>(c))) /
                           static_cast<double>(rows.rows.size());
      for (size_t e = 0; e < E; ++e) gradient[c * E + e] += error * x[n * E + e];
      gradient[K * E + c] += error;
    }
  }
  double most = 0;
  for (size_t i = 0; i < gradient.size(); ++i) {
    const double decay = i < K * E ? weight_decay * classifier.weight[i] : 0;
    most = std::max(most, std::abs(gradient[i] + decay));
  }
  return most;
}

}  // namespace

TEST_CASE("a_linear_probe_ends_where_the_gradient_of_its_loss_is_zero_also_in_blocks") {
  const auto device = open_device("cpu");
  for (const int64_t pictures : {100, 9000}) {  // one block, and one and a bit
    const LabelledRows rows = noisy_rows(pictures, 3, 0.8f, 1);
    for (const double weight_decay : {1e-1, 1e-3}) {
      const LinearClassifier fitted = fit_linear(rows, 3, weight_decay, *device);
      CHECK(largest_gradient(fitted, rows, weight_decay) <= 1e-4);
    }
  }
}

TEST_CASE("the_weight_decay_is_chosen_by_validation_accuracy") {
  const auto device = open_device("cpu");
  const LabelledRows train = noisy_rows(60, 4, 0.9f, 1), validation = noisy_rows(200, 4, 0.9f, 2);
  const auto accuracy_of = [&](double weight_decay) {
    return accuracy(linear_ranks(fit_linear(train, 4, weight_decay, *device), validation));
  };
  const std::vector<double> few{1e-6, 1e-2, 10};
  const WeightDecayTrial best = choose_weight_decay(train, validation, 4, few, *device);
  for (const double weight_decay : few) CHECK(accuracy_of(weight_decay) <= best.accuracy);
  const WeightDecayTrial searched = choose_weight_decay(train, validation, 4, {}, *device);
  CHECK(searched.accuracy >= accuracy_of(1e-2));
  CHECK(accuracy_of(searched.weight_decay) == searched.accuracy);
  CHECK_THROWS_AS(fit_linear(train, 4, -1, *device), ConfigError);
}

TEST_CASE("knn_ranks_are_those_of_the_definition_across_blocks") {
  const auto device = open_device("cpu");
  const LabelledRows train = noisy_rows(4200, 5, 0.9f, 1), queries = noisy_rows(1100, 5, 0.9f, 2);
  const std::vector<KnnSetting> settings{{1, 0.07}, {20, 0.07}, {20, 1}};
  const auto ranks = knn_ranks(train, queries, 5, settings, *device);
  const std::vector<float> x = train.features->read_all(), q = queries.features->read_all();
  std::vector<int> different(3);
  for (size_t row = 0; row < queries.rows.size(); row += 7) {
    std::vector<std::pair<double, int32_t>> all;
    for (size_t t = 0; t < train.rows.size(); ++t) {
      double similarity = 0;
      for (size_t e = 0; e < 8; ++e) similarity += x[t * 8 + e] * q[row * 8 + e];
      all.emplace_back(-similarity, train.labels[t]);
    }
    std::partial_sort(all.begin(), all.begin() + 20, all.end());
    for (size_t s = 0; s < settings.size(); ++s) {
      std::vector<float> votes(5);
      for (size_t i = 0; i < static_cast<size_t>(settings[s].k); ++i) {
        votes[static_cast<size_t>(all[i].second)] += static_cast<float>(
            std::exp((all[0].first - all[i].first) / settings[s].temperature));
      }
      different[s] += rank_of_label(votes, queries.labels[row]) != ranks[s][row];
    }
  }
  for (const int count : different) CHECK(count <= 1);  // of 158; neighbours at a tie in float
  CHECK_THROWS_WITH_AS(knn_ranks(queries, train, 5, {{1101, 0.07}}, *device),
                       doctest::Contains("k is 1101, but there are 1100 training pictures"),
                       ConfigError);
}

TEST_CASE("settings_are_chosen_on_validation_and_several_templates_too") {
  const auto device = open_device("cpu");
  const ProbeData data{noisy_rows(60, 3, 0.9f, 1), noisy_rows(90, 3, 0.9f, 2),
                       noisy_rows(90, 3, 0.9f, 3)};
  const std::vector<KnnSetting> settings{{1, 0.07}, {30, 0.07}};
  const auto tried = knn_ranks(data.train, *data.validation, 3, settings, *device);
  const ProbeResult knn = probe_knn(data, 3, settings, *device);
  CHECK(*knn.validation_acc1 == std::max(accuracy(tried[0]), accuracy(tried[1])));
  std::vector<float> right(24), wrong(24);
  for (size_t c = 0; c < 3; ++c) right[c * 8 + c] = wrong[c * 8 + (c + 1) % 3] = 1;
  const ProbeResult zero = probe_zero_shot({{"wrong", wrong}, {"right", right}},
                                           &*data.validation, data.test, 3);
  CHECK(zero.settings[0].second == "right");
  CHECK(zero.test.acc1.value > 0.5);
}

TEST_CASE("nothing_is_chosen_on_what_is_tested_or_learned_from") {
  const TemporaryFolder folder;
  write_small_features(folder / "a.h5");
  const FeatureSet set = read_feature_set(folder / "a.h5");
  CHECK(open_probe(set, {}, "k").validation->size() == 3);
  CHECK_FALSE(open_probe(set, {}, "").validation);
  CHECK_THROWS_WITH_AS(open_probe(set, {.validation = "test"}, "k"),
                       "eval: k can't be chosen on split 'test', which is what is tested; name "
                       "another --validation-split.",
                       ConfigError);
  CHECK_NOTHROW(open_probe(set, {.validation = "test"}, ""));
  CHECK_THROWS_WITH_AS(open_probe(set, {.validation = "train"}, "k"),
                       doctest::Contains("what is learned from"), ConfigError);
  CHECK_THROWS_WITH_AS(open_probe(set, {.validation = "dev"}, "k"),
                       doctest::Contains("no split 'dev' to choose k on"), ConfigError);
  CHECK_THROWS_WITH_AS(open_probe(set, {.train = "test"}, ""),
                       doctest::Contains("tested on what was learned from it"), ConfigError);
  const ProbeData shots = open_probe(set, {.shots = 1}, "k");
  CHECK(shots.train.size() == 3);
  CHECK(shots.validation->size() == 3);
  CHECK(shots.test.rows == std::vector<int64_t>{9, 10});
}

TEST_CASE("a_class_that_is_tested_but_not_learned_is_named") {
  const TemporaryFolder folder;
  write_small_features(folder / "a.h5");
  FeatureSet set = read_feature_set(folder / "a.h5");
  set.labels[0] = set.labels[3] = -1;  // the training split's cats
  CHECK_THROWS_WITH_AS(open_probe(set, {}, ""),
                       doctest::Contains("class 'cat' is tested but has no features to learn from"),
                       ConfigError);
}
