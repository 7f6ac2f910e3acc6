// From a graph to what a program runs, in what order and where every value lies. No device is
// touched here.
#pragma once

#include "autograd/graph.h"
#include "autograd/precision.h"

#include <deque>

namespace tandem {

// Where a value lies: part of a storage (see Plan).
struct Place {
  int storage = -1;  // -1: outside the program's arena (a variable or constant), or unused
  size_t offset = 0;  // bytes from the storage's start
};

// Bytes of a storage that are in use over a span of nodes.
struct StoragePart {
  size_t offset = 0;
  size_t bytes = 0;
  int first = 0;  // first and last node that touch it; -1 is before the first node
  int last = 0;
};

// A stretch of the program's arenas that holds one or more values over a span of nodes.
struct Storage {
  size_t bytes = 0;
  int first = 0;  // first and last node that touch it; -1 is before the first node
  int last = 0;
  std::vector<StoragePart> packed;  // of a pack: its inputs, each in use from when it is made on
  int block = -1;     // arena block and
  size_t offset = 0;  // place in it, after layout
  int value = -1;     // a value it holds, for reports

  // What is in use when: the packed inputs, or the whole.
  std::vector<StoragePart> parts() const;
};

struct Plan {
  std::deque<Value> values;
  std::vector<Node> nodes;      // in the order they run
  std::vector<int> fetches;     // values kept to the end
  std::vector<Place> places;    // by value
  std::vector<int> roots;       // by value: the value whose bytes a view shows (itself if none)
  std::vector<int> scratch;     // by node: its storage or -1
  std::vector<Storage> storages;
  std::vector<size_t> blocks;   // bytes of each arena block

  // Sum of the blocks: what the program needs besides variables and constants.
  size_t arena_bytes() const;
};

// Nodes that `fetches` or, with `update`, a change of a variable need, in order of creation; with
// a lower `precision`, products take rounded values (autograd/precision.h); with
// `recompute`, inner values of blocks are computed again for the backward pass instead of kept
// (Chen et al. 2016, "Training deep nets with sublinear memory cost").
Plan make_plan(const Graph& graph, const std::vector<Tensor>& fetches, bool recompute,
               const Precision& precision = {}, bool update = true);

// Gives every value its place: views onto their source, inputs of a pack into it, in-place ops
// onto a dying input; then storages whose spans meet lie apart (greedy by size, Pisarchyk & Lee
// 2020, section 5.2). Packs come first, and others lie on those parts of them that are not made
// yet: gradients take the memory of activations that die before them. Offsets are multiples of
// 256 bytes; a block is at most `block_bytes` unless one storage alone is larger.
void place_values(Plan& plan, const DeviceInfo& device, size_t block_bytes = size_t{1} << 30);

}  // namespace tandem
