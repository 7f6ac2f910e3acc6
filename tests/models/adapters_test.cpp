#include "autograd/ops/losses.h"
#include "tests/models/tiny_model.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;

namespace {

const Patterns all("*");

Adaptation lora(bool dora) {
  return {.frozen = all,
          .lora = {.rank = 3, .alpha = 2, .dora = dora,
                   .targets = Patterns("*.attn.{q,v} *.mlp.* transformer.*.out_proj")}};
}

Adaptation prompts(const PromptConfig& config) { return {.frozen = all, .prompts = config}; }

// The cross entropy of two pictures over three class texts.
struct Classifier {
  Graph graph;
  std::vector<Tensor> adapter;  // trained parameters
  std::vector<std::string> names;
  Tensor loss;
  ReferenceFeeds feeds;

  explicit Classifier(const Adaptation& adaptation)
      : Classifier(test::tiny_model(adaptation)) {}

  explicit Classifier(const ClipConfig& config) {
    const Adaptation& adaptation = config.adaptation;
    const Clip model(graph, config);
    const Tensor images = model.encode_image(model.pixel_input(graph, 2));
    const Tensor logits = model.class_logits(images, model.text_inputs(graph, 3));
    loss = cross_entropy(logits, graph.constant({2}, std::vector<int32_t>{2, 0}));
    feeds = test::random_variables(graph);
    feeds["pixels"] = test::tiny_pixels();
    feeds["logit_scale"] = {1.0};
    const PromptConfig& prompts = adaptation.prompts;
    TextArrays texts;
    for (int32_t k = 0; k < 3; ++k) {
      const auto own = static_cast<int32_t>(prompts.classes > 1 ? k * prompts.text : 0);
      const auto ids = test::tiny_text(3 * k, static_cast<int32_t>(prompts.text), own);
      texts.ids.insert(texts.ids.end(), ids.begin(), ids.end());
    }
    test::feed_texts(feeds, texts, prompts.context_rows());
    for (const Variable& variable : graph.variables()) {
      if (variable.kind != Variable::Kind::trainable) continue;
      names.push_back(variable.name);
      adapter.push_back(graph.variable(variable.name, variable.type, variable.kind));
    }
  }

  double value() { return evaluate(graph, {loss}, feeds)[0][0]; }

  // The change of the loss along a random direction of one parameter, by differences and by
  // gradients.
  void check_gradient(size_t index, const std::vector<double>& gradient) {
    std::vector<double>& values = feeds.at(names[index]);
    const std::vector<double> start = values;
    const auto direction = test::random_numbers(static_cast<int64_t>(start.size()), 500);
    constexpr double h = 1e-4;
    double slope = 0;
    double size = 0;
    for (size_t i = 0; i < start.size(); ++i) slope += gradient[i] * direction[i];
    for (const double value : gradient) size += std::fabs(value);
    const auto at = [&](double step) {
      for (size_t i = 0; i < start.size(); ++i) values[i] = start[i] + step * direction[i];
      return value();
    };
    const double difference = (at(h) - at(-h)) / (2 * h);
    values = start;
    INFO(names[index], ": by difference ", difference, ", by gradient ", slope);
    CHECK(std::fabs(difference - slope) <= 1e-6 * size + 1e-9);
    CHECK(size > 0);
  }

  void check_gradients() {
    const std::vector<Tensor> gradients = tandem::gradients(loss, adapter);
    const auto values = evaluate(graph, gradients, feeds);
    for (size_t i = 0; i < adapter.size(); ++i) check_gradient(i, values[i]);
  }
};

}  // namespace

TEST_CASE("gradients_of_adapters_are_those_of_central_differences_in_double") {
  Classifier(lora(false)).check_gradients();
  Classifier({.frozen = all, .ia3 = Patterns("*.attn.{k,v} *.mlp.c_proj")}).check_gradients();
  Classifier({.frozen = all, .trained = Patterns("*.bias *.in_proj_bias")}).check_gradients();
  Classifier(prompts({.text = 2, .text_before = 2})).check_gradients();
  Classifier(prompts({.text = 2, .text_before = 2, .classes = 3})).check_gradients();
  Classifier(prompts({.text = 2, .text_before = 2, .conditional = true})).check_gradients();
  Classifier(prompts({.image = 3, .image_depth = 2})).check_gradients();
  Classifier(prompts({.text = 2, .text_before = 2, .image = 2, .text_depth = 2, .image_depth = 2,
                      .coupled = true}))
      .check_gradients();
}

TEST_CASE("gradients_of_a_tower_that_pools_by_attention_are_those_of_central_differences") {
  const auto siglip = [](const Adaptation& adaptation) {
    ClipConfig config = test::tiny_model(adaptation);
    VisionConfig& vision = config.vision_cfg;
    config.embed_dim = vision.width;
    vision.patch_bias = vision.no_ln_pre = true;
    vision.class_token = false;
    vision.pool_type = "map";
    vision.proj_type = "none";
    config.text_cfg.proj_bias = true;
    config.text_cfg.act_kwargs.approximate = "tanh";
    return config;
  };
  // But for the keys' bias, on which a softmax does not depend.
  Classifier(siglip({.frozen = all,
                     .trained = Patterns("visual.{conv1.*,positional_embedding,ln_post.*} "
                                         "visual.attn_pool.{latent,k.weight,mlp.*,ln_2.*} "
                                         "visual.attn_pool.{q,v,out_proj}.* text_projection.*")}))
      .check_gradients();
  const Patterns targets("visual.attn_pool.* text_projection");
  Classifier(siglip({.frozen = all, .lora = {.rank = 2, .targets = targets}})).check_gradients();
}

TEST_CASE("dora_takes_the_lengths_of_rows_as_constants") {
  // Without them the gradient by A at magnitudes m is LoRA's, each output times m / |W + s B A|.
  Classifier one(lora(true));
  Classifier plain(lora(false));
  const auto gradients_of = [](Classifier& of, const std::string& name) {
    const auto at = std::find(of.names.begin(), of.names.end(), name) - of.names.begin();
    const Tensor by = of.adapter[static_cast<size_t>(at)];
    return evaluate(of.graph, tandem::gradients(of.loss, {by}), of.feeds)[0];
  };
  const std::string part = "visual.transformer.resblocks.1.mlp.c_proj";
  // Magnitudes equal to the lengths: the same function, and then the same gradients.
  for (auto& [name, values] : one.feeds) {
    if (!name.ends_with(".lora_magnitude")) plain.feeds[name] = values;
  }
  for (const std::string& name : one.names) {
    if (!name.ends_with(".lora_magnitude")) continue;
    const std::string stem = name.substr(0, name.size() - 15);
    const bool q = stem.ends_with(".q");
    const bool v = stem.ends_with(".v");
    const std::string weight =
        q || v ? stem.substr(0, stem.size() - 1) + "in_proj_weight" : stem + ".weight";
    const std::vector<double>& A = one.feeds.at(stem + ".lora_A");
    const std::vector<double>& B = one.feeds.at(stem + ".lora_B");
    std::vector<double>& lengths = one.feeds.at(name);
    const size_t D = lengths.size();
    const size_t C = A.size() / 3;
    for (size_t d = 0; d < D; ++d) {
      double squares = 0;
      for (size_t c = 0; c < C; ++c) {
        double value = one.feeds.at(weight)[((v ? 2 * D : 0) + d) * C + c];
        for (size_t k = 0; k < 3; ++k) value += 2.0 / 3 * B[3 * d + k] * A[k * C + c];
        squares += value * value;
      }
      lengths[d] = std::sqrt(squares);
    }
  }
  CHECK(std::fabs(one.value() - plain.value()) <= 1e-12);
  const auto with = gradients_of(one, part + ".lora_A");
  const auto without = gradients_of(plain, part + ".lora_A");
  for (size_t i = 0; i < with.size(); ++i) CHECK(std::fabs(with[i] - without[i]) <= 1e-10);
}

TEST_CASE("an_adapter_starts_as_the_model_that_it_is_added_to") {
  Classifier plain(Adaptation{});
  for (Adaptation adaptation : {lora(false), Adaptation{.ia3 = Patterns("*")}}) {
    Classifier adapted(adaptation);
    for (auto& [name, values] : adapted.feeds) {
      if (plain.feeds.contains(name)) values = plain.feeds.at(name);
      if (name.ends_with("lora_B")) std::fill(values.begin(), values.end(), 0.0);
      if (name.ends_with("ia3")) std::fill(values.begin(), values.end(), 1.0);
    }
    CHECK(std::fabs(adapted.value() - plain.value()) <= 1e-12);
  }
}

TEST_CASE("contexts_of_word_vectors_are_those_words") {
  // A prompt whose contexts are the token table's rows 4 and 5 is the text with these words.
  Classifier learnt(prompts({.text = 2, .text_before = 2}));
  Classifier plain(Adaptation{});
  for (auto& [name, values] : plain.feeds) {
    if (learnt.feeds.contains(name) && plain.graph.variables().size() > 0 && name != "tokens" &&
        name != "token_order" && name != "text_end") {
      values = learnt.feeds.at(name);
    }
  }
  const std::vector<double>& table = learnt.feeds.at("token_embedding.weight");
  learnt.feeds.at("prompt.context").assign(table.begin() + 4 * 12, table.begin() + 6 * 12);
  TextArrays words;
  for (int32_t k = 0; k < 3; ++k) {
    words.ids.insert(words.ids.end(), {18, 4, 5, 3 * k, 3 * k + 1, 19, 0});
  }
  test::feed_texts(plain.feeds, words, 0);
  CHECK(std::fabs(learnt.value() - plain.value()) <= 1e-12);
}
