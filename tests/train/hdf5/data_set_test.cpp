// Data sets are read as the HDF5 library wrote them, in every form that it has.
#include "tests/train/hdf5/written.h"

#include "core/error.h"
#include "core/philox.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace tandem;
using namespace tandem::test;

namespace {

std::vector<float> random_values(size_t count) {
  Random random(1, 0, 0, RandomUse::test);
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

// What is read of "x" in a file with these values, all at once and in pieces of 7 rows.
void check_values(const TemporaryFolder& folder, std::pair<H5F_libver_t, H5F_libver_t> versions,
                  const std::vector<hsize_t>& shape, const Hdf5Storage& storage) {
  size_t count = 1;
  for (const hsize_t length : shape) count *= length;
  const std::vector<float> values = random_values(count);
  write_hdf5(folder / "a.h5", versions, [&](hid_t file) {
    write_data_set(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, shape, values.data(), storage);
  });
  const Hdf5DataSet set(member(open_hdf5(folder / "a.h5"), "x"));
  CHECK(set.lengths() == std::vector<uint64_t>(shape.begin(), shape.end()));
  std::vector<float> read(count);
  to_floats(set.source(), set.type(), set.read_all(), read);
  CHECK(read == values);
  const size_t width = count / shape[0];
  for (uint64_t first = 0; first < shape[0]; first += 7 + shape[0] / 50) {
    const uint64_t rows = std::min<uint64_t>(7, shape[0] - first);
    Bytes bytes(rows * width * 4);
    set.read_rows(first, rows, bytes);
    read.resize(rows * width);
    to_floats(set.source(), set.type(), bytes, read);
    CHECK(std::equal(read.begin(), read.end(),
                     values.begin() + static_cast<ptrdiff_t>(first * width)));
  }
}

}  // namespace

TEST_CASE("hdf5_data_sets_are_read_in_every_layout_and_version_of_the_format") {
  const TemporaryFolder folder;
  const hsize_t no_end = H5S_UNLIMITED;
  const std::vector<Hdf5Storage> storages{
      {},
      {.compact = true},
      {.chunk = {8, 4}},
      {.chunk = {8, 4}, .early = true},
      {.chunk = {45, 5}},
      {.chunk = {45, 5}, .deflate = true},
      {.most = {90, 9}, .chunk = {64, 8}, .deflate = true},
      {.chunk = {8, 4}, .deflate = true, .shuffle = true, .fletcher = true},
      {.chunk = {1, 5}, .shuffle = true},
      {.most = {no_end, 5}, .chunk = {2, 4}},
      {.most = {no_end, 5}, .chunk = {2, 4}, .deflate = true},
      {.most = {50, no_end}, .chunk = {2, 4}},
      {.most = {90, 9}, .chunk = {2, 2}, .early = true},
      {.most = {no_end, no_end}, .chunk = {2, 4}},
      {.most = {no_end, no_end}, .chunk = {1, 1}, .deflate = true},
  };
  for (size_t version = 0; version < hdf5_versions.size(); ++version) {
    for (size_t i = 0; i < storages.size(); ++i) {
      CAPTURE(version);
      CAPTURE(i);
      check_values(folder, hdf5_versions[version], {45, 5}, storages[i]);
    }
  }
}

TEST_CASE("hdf5_indexes_of_many_chunks_are_read") {
  const TemporaryFolder folder;
  const hsize_t no_end = H5S_UNLIMITED;
  for (const auto& versions : hdf5_versions) {
    for (const bool deflate : {false, true}) {
      check_values(folder, versions, {5000, 1}, {.chunk = {1, 1}, .deflate = deflate});
      check_values(folder, versions, {70'000, 1},
                   {.most = {no_end, 1}, .chunk = {2, 1}, .deflate = deflate});
      check_values(folder, versions, {5000, 1},
                   {.most = {no_end, no_end}, .chunk = {1, 1}, .deflate = deflate});
    }
  }
}

TEST_CASE("hdf5_data_sets_of_one_axis_or_none_are_read") {
  const TemporaryFolder folder;
  check_values(folder, hdf5_versions[0], {45}, {.chunk = {8}, .deflate = true});
  check_values(folder, hdf5_versions[2], {45}, {.most = {H5S_UNLIMITED}, .chunk = {8}});
  write_hdf5(folder / "a.h5", hdf5_versions[0], [](hid_t file) {
    const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, "", "");
    const Hdf5Handle set(
        H5Dcreate2(file, "x", H5T_STD_I16BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
        H5Dclose, "", "");
    const int value = -300;
    H5Dwrite(set, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value);
  });
  const Hdf5DataSet set(member(open_hdf5(folder / "a.h5"), "x"));
  std::vector<int64_t> values(1);
  to_integers(set.source(), set.type(), set.read_all(), values);
  CHECK(values[0] == -300);
}

TEST_CASE("hdf5_floats_of_every_width_and_byte_order_are_read") {
  const TemporaryFolder folder;
  const Hdf5Handle half(H5Tcopy(H5T_IEEE_F32LE), H5Tclose, "", "");
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  const std::vector<double> values{0,     -0.0, 1,     -1.5,   65504,    6e-8,        -6.1e-5,
                                   1e-30, 1e30, 1e300, -1e300, HUGE_VAL};
  const auto read = [&](hid_t stored) {
    write_hdf5(folder / "a.h5", hdf5_versions[0], [&](hid_t file) {
      write_data_set(file, "x", stored, H5T_NATIVE_DOUBLE, {values.size()}, values.data());
    });
    const Hdf5DataSet set(member(open_hdf5(folder / "a.h5"), "x"));
    std::vector<float> floats(values.size());
    to_floats(set.source(), set.type(), set.read_all(), floats);
    return floats;
  };
  // The library's own reading is what to compare with.
  const auto expected = [&](hid_t stored) {
    std::vector<float> floats(values.size());
    std::vector<double> copy = values;
    H5Tconvert(H5T_NATIVE_DOUBLE, stored, values.size(), copy.data(), nullptr, H5P_DEFAULT);
    H5Tconvert(stored, H5T_NATIVE_FLOAT, values.size(), copy.data(), nullptr, H5P_DEFAULT);
    std::memcpy(floats.data(), copy.data(), floats.size() * sizeof(float));
    return floats;
  };
  const hid_t types[]{half, H5T_IEEE_F32LE, H5T_IEEE_F32BE, H5T_IEEE_F64LE, H5T_IEEE_F64BE};
  for (const hid_t stored : types) CHECK(read(stored) == expected(stored));
  H5Tset_order(half, H5T_ORDER_BE);
  CHECK(read(half) == expected(half));
}

TEST_CASE("hdf5_integers_of_every_width_sign_and_byte_order_are_read") {
  const TemporaryFolder folder;
  const std::vector<int64_t> values{0, 1, 100, 127};
  for (const hid_t stored :
       {H5T_STD_I8LE, H5T_STD_U8LE, H5T_STD_I16LE, H5T_STD_U16BE, H5T_STD_I32BE, H5T_STD_U32LE,
        H5T_STD_I64LE, H5T_STD_I64BE, H5T_STD_U64LE, H5T_STD_U64BE}) {
    std::vector<int64_t> all = values;
    if (H5Tget_sign(stored) == H5T_SGN_2) all.insert(all.end(), {-1, -128});
    write_hdf5(folder / "a.h5", hdf5_versions[0], [&](hid_t file) {
      write_data_set(file, "x", stored, H5T_NATIVE_INT64, {all.size()}, all.data());
    });
    const Hdf5DataSet set(member(open_hdf5(folder / "a.h5"), "x"));
    std::vector<int64_t> read(all.size());
    to_integers(set.source(), set.type(), set.read_all(), read);
    CHECK(read == all);
  }
}
