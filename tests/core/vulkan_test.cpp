// The Vulkan backend on every driver that is there.
#include "core/device.h"
#include "core/error.h"
#include "tests/devices.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace tandem;

namespace {

// Sets `count` words of y.
Dispatch fill(const BufferRange& y, uint32_t value, uint32_t workgroups = 1) {
  Dispatch dispatch;
  dispatch.shader = "fill";
  dispatch.buffers = {y};
  dispatch.writes = 1;
  dispatch.push = {value, static_cast<uint32_t>(y.bytes / 4)};
  dispatch.workgroups = {workgroups, 1, 1};
  return dispatch;
}

// y += factor * x, word by word, wrapping.
Dispatch accumulate(const BufferRange& x, const BufferRange& y, uint32_t factor) {
  Dispatch dispatch;
  dispatch.shader = "accumulate_words";
  dispatch.buffers = {x, y};
  dispatch.writes = 2;
  dispatch.specialization = {64, factor};
  dispatch.push = {static_cast<uint32_t>(y.bytes / 4)};
  dispatch.workgroups = {2, 1, 1};
  return dispatch;
}

std::span<const std::byte> bytes_of(const std::vector<uint32_t>& words) {
  return std::as_bytes(std::span(words));
}

std::vector<uint32_t> words_of(std::span<const std::byte> bytes) {
  std::vector<uint32_t> words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

}  // namespace

TEST_CASE("vulkan_memory_starts_as_zeros_and_keeps_what_is_written") {
  for_each_vulkan_device([](Device& device) {
    const auto memory = device.allocate(1000 * 4, "a test");
    CHECK(read_all<uint32_t>(device, whole_of(*memory)) == std::vector<uint32_t>(1000, 0));
    std::vector<uint32_t> words(500);
    std::iota(words.begin(), words.end(), 7u);
    const BufferRange part = part_of(*memory, 64, words.size() * 4);
    device.write(part, words.data());
    CHECK(read_all<uint32_t>(device, part) == words);
    CHECK(read_all<uint32_t>(device, part_of(*memory, 0, 64)) == std::vector<uint32_t>(16, 0));
  });
}

TEST_CASE("vulkan_copies_larger_than_the_staging_memory_arrive_whole") {
  for_each_vulkan_device([](Device& device) {
    std::vector<uint32_t> words((17 << 20) / 4);
    std::iota(words.begin(), words.end(), 1u);
    const auto memory = device.allocate(words.size() * 4, "a test");
    device.write(whole_of(*memory), words.data());
    CHECK(read_all<uint32_t>(device, whole_of(*memory)) == words);
  });
}

TEST_CASE("a_vulkan_dispatch_gets_its_push_constants_and_writes_its_range_alone") {
  for_each_vulkan_device([](Device& device) {
    const size_t step = device.info().storage_alignment;
    const auto memory = device.allocate(3 * step, "a test");
    const BufferRange middle = part_of(*memory, step, step);
    const auto recording = device.record({{"fill", {}, {fill(middle, 9, 3)}}}, {}, {});
    recording->submit({});
    CHECK(read_all<uint32_t>(device, part_of(*memory, 0, step)) ==
          std::vector<uint32_t>(step / 4, 0));
    CHECK(read_all<uint32_t>(device, middle) == std::vector<uint32_t>(step / 4, 9));
    CHECK(read_all<uint32_t>(device, part_of(*memory, 2 * step, step)) ==
          std::vector<uint32_t>(step / 4, 0));
  });
}

TEST_CASE("a_chain_of_dependent_vulkan_dispatches_runs_in_order") {
  for_each_vulkan_device([](Device& device) {
    constexpr size_t bytes = 1024 * 4;
    const auto a = device.allocate(bytes, "a");
    const auto b = device.allocate(bytes, "b");
    std::vector<Kernel> kernels;
    kernels.push_back({"start", {}, {fill(whole_of(*a), 1), fill(whole_of(*b), 0)}});
    uint32_t x = 1;
    uint32_t y = 0;
    for (int i = 0; i < 50; ++i) {
      // Read after write, write after read and write after write, over more than one chunk.
      kernels.push_back(
          {"step",
           {},
           {accumulate(whole_of(*a), whole_of(*b), 3), accumulate(whole_of(*b), whole_of(*a), 5)}});
      y += x * 3;
      x += y * 5;
    }
    const auto recording = device.record(std::move(kernels), {}, {whole_of(*a), whole_of(*b)});
    // The first run goes chunk by chunk, the others in groups of chunks, two in flight.
    for (int run = 0; run < 2; ++run) recording->submit({});
    const uint64_t last = recording->submit({});
    for (const uint64_t ticket : {last - 1, last}) {
      CHECK(words_of(recording->output(ticket, 0)) == std::vector<uint32_t>(1024, x));
      CHECK(words_of(recording->output(ticket, 1)) == std::vector<uint32_t>(1024, y));
    }
  });
}

TEST_CASE("two_vulkan_runs_in_flight_keep_their_own_inputs_and_outputs") {
  for_each_vulkan_device([](Device& device) {
    constexpr size_t bytes = 256 * 4;
    const auto x = device.allocate(bytes, "x");
    const auto y = device.allocate(bytes, "y");
    const auto recording = device.record({{"add", {}, {accumulate(whole_of(*x), whole_of(*y), 2)}}},
                                         {whole_of(*x)}, {whole_of(*y)});
    uint32_t sum = 0;
    uint32_t before = 0;
    for (uint32_t run = 1; run <= 9; ++run) {
      const std::vector<uint32_t> input(256, run);
      const std::span<const std::byte> given[] = {bytes_of(input)};
      const uint64_t ticket = recording->submit(given);
      before = sum;
      sum += 2 * run;
      if (run == 1) continue;
      CHECK(words_of(recording->output(ticket - 1, 0)) == std::vector<uint32_t>(256, before));
    }
    CHECK(words_of(recording->output(9, 0)) == std::vector<uint32_t>(256, sum));
  });
}

TEST_CASE("a_vulkan_input_that_is_empty_keeps_what_was_there") {
  for_each_vulkan_device([](Device& device) {
    constexpr size_t bytes = 64 * 4;
    const auto x = device.allocate(bytes, "x");
    const auto y = device.allocate(bytes, "y");
    const auto recording =
        device.record({}, {whole_of(*x), whole_of(*y)}, {whole_of(*x), whole_of(*y)});
    const std::vector<uint32_t> one(64, 1);
    const std::vector<uint32_t> two(64, 2);
    const std::span<const std::byte> both[] = {bytes_of(one), bytes_of(two)};
    const std::span<const std::byte> second[] = {{}, bytes_of(one)};
    recording->submit(both);
    const uint64_t ticket = recording->submit(second);
    CHECK(words_of(recording->output(ticket, 0)) == one);
    CHECK(words_of(recording->output(ticket, 1)) == one);
  });
}

TEST_CASE("a_vulkan_profile_names_every_kernel_and_counts_as_a_run") {
  for_each_vulkan_device([](Device& device) {
    const auto memory = device.allocate(1 << 20, "a test");
    const auto recording = device.record(
        {{"first", {}, {fill(whole_of(*memory), 1)}}, {"second", {}, {fill(whole_of(*memory), 2)}}},
        {}, {part_of(*memory, 0, 4)});
    const std::vector<KernelTime> times = recording->profile({});
    CHECK(words_of(recording->output(1, 0)) == std::vector<uint32_t>{2});
    if (times.empty()) return;
    REQUIRE(times.size() == 2);
    CHECK(times[0].label == "first");
    CHECK(times[1].label == "second");
    for (const KernelTime& time : times) {
      CHECK(time.seconds >= 0);
      CHECK(time.seconds <= 10);
    }
  });
}
