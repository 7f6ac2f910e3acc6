#include "core/vulkan/barriers.h"

#include <doctest/doctest.h>

using namespace tandem;

namespace {

// Two blocks that are never touched: only their identity counts.
Memory block_a(1024);
Memory block_b(1024);

// A dispatch that reads one range and writes another.
Dispatch access(const BufferRange& reads, const BufferRange& writes) {
  Dispatch dispatch;
  dispatch.buffers = {reads, writes};
  dispatch.writes = 2;
  return dispatch;
}

BufferRange a(size_t offset, size_t bytes) { return {&block_a, offset, bytes}; }
BufferRange b(size_t offset, size_t bytes) { return {&block_b, offset, bytes}; }

}  // namespace

TEST_CASE("ranges_overlap_when_they_share_a_byte_of_one_block") {
  CHECK(overlap(a(0, 64), a(63, 1)));
  CHECK(!overlap(a(0, 64), a(64, 64)));
  CHECK(!overlap(a(0, 64), b(0, 64)));
}

TEST_CASE("only_dependent_dispatches_get_a_barrier") {
  HazardTracker tracker;
  CHECK(!tracker.needs_barrier(access(a(0, 64), b(0, 64))));
  CHECK(!tracker.needs_barrier(access(a(0, 64), b(64, 64))));    // both read the same
  CHECK(tracker.needs_barrier(access(b(0, 64), b(128, 64))));    // read after write
  CHECK(!tracker.needs_barrier(access(b(64, 64), b(192, 64))));  // seen since that barrier
  CHECK(tracker.needs_barrier(access(a(512, 64), b(64, 64))));   // write after read
  CHECK(tracker.needs_barrier(access(a(512, 64), b(64, 64))));   // write after write
}

TEST_CASE("a_dispatch_that_reads_and_writes_one_range_needs_no_barrier_with_itself") {
  HazardTracker tracker;
  CHECK(!tracker.needs_barrier(access(a(0, 64), a(0, 64))));
  CHECK(tracker.needs_barrier(access(a(0, 64), a(0, 64))));
}
