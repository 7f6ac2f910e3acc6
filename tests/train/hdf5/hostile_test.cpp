// Files whose structures lead to the same bytes again and again.
#include "tests/train/hdf5/written.h"

#include "train/hdf5/fractal_heap.h"

#include <doctest/doctest.h>

using namespace tandem;
using namespace tandem::test;

namespace {

constexpr auto again = "is damaged: its structures contain or share each other";

template <class Number>
std::string little(Number value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

// An old file whose root has `members` of one name.
std::string group_of_one_name(uint16_t members, const std::string& name) {
  constexpr uint64_t root = 96, tree = root + 40, symbols = tree + 48, none = Hdf5Source::undefined;
  const uint64_t heap = symbols + 8 + uint64_t{40} * members;
  const uint64_t end = heap + 32 + name.size() + 1;
  const std::string member = little(uint64_t{0}) + little(root) + std::string(24, '\0');
  std::string file = "\x89HDF\r\n\x1a\n" + std::string("\0\0\0\0\0\x08\x08\0", 8) +
                     little(uint16_t{4}) + little(uint16_t{16}) + little(uint32_t{0}) +
                     little(uint64_t{0}) + little(none) + little(end) + little(none) + member;
  file += std::string("\1\0\1\0\1\0\0\0\x18\0\0\0\0\0\0\0", 16) +  // the root, a symbol table
          std::string("\x11\0\x10\0\0\0\0\0", 8) + little(tree) + little(heap);
  file += std::string("TREE\0\0\1\0", 8) + little(none) + little(none) + little(uint64_t{0}) +
          little(symbols) + little(uint64_t{0});
  file += std::string("SNOD\1\0", 6) + little(members);
  for (int i = 0; i < members; ++i) file += member;
  file += std::string("HEAP\0\0\0\0", 8) + little(uint64_t{name.size() + 1}) + little(none) +
          little(heap + 32) + name + '\0';
  return file;
}

}  // namespace

TEST_CASE("hdf5_members_that_share_a_long_name_can_not_fill_the_memory") {
  const TemporaryFolder folder;
  const auto open = [&](uint16_t members, const std::string& name) {
    return open_hdf5(folder.write("a.h5", group_of_one_name(members, name)));
  };
  REQUIRE(open(1, "x").links().size() == 1);
  CHECK_THROWS_WITH_AS(open(1000, std::string(100'000, 'x')).links(), doctest::Contains(again),
                       CheckpointError);
}

TEST_CASE("hdf5_heap_objects_that_are_taken_again_and_again_can_not_fill_the_memory") {
  const TemporaryFolder folder;
  write_hdf5(folder / "a.h5", hdf5_versions.back(), [](hid_t file) {
    for (int i = 0; i < 100; ++i) {
      H5Lcreate_soft("/x", file, fmt::format("{:050}", i).c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }
  });
  const size_t place = content_of(folder / "a.h5").find("FRHP");
  REQUIRE(place != std::string::npos);
  const Hdf5Source source(folder / "a.h5");
  const FractalHeap heap(source, place);
  REQUIRE(heap.id_bytes() == 7);
  const Bytes id{{}, {}, {}, {}, {}, std::byte{100}, {}};  // of 100 bytes from the heap's start
  CHECK(heap.object(id).size() == 100);
  const auto take_often = [&] {
    for (int i = 0; i < 10'000; ++i) (void)heap.object(id);
  };
  CHECK_THROWS_WITH_AS(take_often(), doctest::Contains(again), CheckpointError);
}
