// Files whose seal is right and whose content lies.
#include "tests/train/checkpoint/example.h"
#include "tests/train/contains.h"
#include "train/checkpoint/hdf5.h"
#include "train/checkpoint/seal.h"

#include <doctest/doctest.h>

#include <array>
#include <functional>

using namespace tandem;
using tandem::test::contains;
using tandem::test::error_of_verifying;
using tandem::test::example_checkpoint;
using tandem::test::TemporaryFolder;

namespace {

// The error of reading a checkpoint after `change` was made to its HDF5 file and it was sealed
// again.
std::string error_after(const std::function<void(hid_t file)>& change,
                        const Checkpoint& checkpoint = example_checkpoint()) {
  const TemporaryFolder folder;
  const std::string path = folder / "a.h5";
  write_checkpoint(path, checkpoint);
  {
    const Hdf5Session session;
    Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), H5Fclose, path, "open it");
    change(file);
  }
  OutputFile file(path, OutputFile::Open::existing);
  write_seal(file);
  std::string error = error_of_verifying(path);
  CHECK(H5Eget_num(H5E_DEFAULT) == 0);  // else the library can't shut down
  return error;
}

// A data set below /model, made with a creation property list and of a type and shape.
void add_data_set(hid_t file, const std::vector<hsize_t>& axes, hid_t type, hid_t list) {
  const Hdf5Handle space(H5Screate_simple(static_cast<int>(axes.size()), axes.data(), nullptr),
                         H5Sclose, "", "");
  const Hdf5Handle set(H5Dcreate2(file, "/model/x", type, space, H5P_DEFAULT, list, H5P_DEFAULT),
                       H5Dclose, "x", "make a data set");
}

Hdf5Handle creation_list() { return {H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "", ""}; }

}  // namespace

TEST_CASE("a_file_that_was_sealed_again_unchanged_is_good") {
  CHECK(error_after([](hid_t) {}) == "");
}

TEST_CASE("links_by_name_are_refused") {
  CHECK(contains(error_after([](hid_t file) {
                   H5Lcreate_external("/etc/passwd", "/x", file, "/model/x", H5P_DEFAULT,
                                      H5P_DEFAULT);
                 }),
                 "links are refused"));
  CHECK(contains(error_after([](hid_t file) {
                   H5Lcreate_soft("/model/a", file, "/model/x", H5P_DEFAULT, H5P_DEFAULT);
                 }),
                 "links are refused"));
  CHECK(contains(error_after([](hid_t file) {
                   H5Ldelete(file, "/model", H5P_DEFAULT);
                   H5Lcreate_external("other.h5", "/model", file, "/model", H5P_DEFAULT,
                                      H5P_DEFAULT);
                 }),
                 "links are refused"));
}

TEST_CASE("names_that_are_no_utf8_texts_are_refused") {
  CHECK(contains(error_after([](hid_t file) {
                   H5Lcreate_hard(file, "/model/a", file, "/model/w\xff", H5P_DEFAULT, H5P_DEFAULT);
                 }),
                 "can't be a name"));
}

TEST_CASE("groups_that_contain_themselves_are_refused") {
  CHECK(contains(error_after([](hid_t file) {
                   H5Lcreate_hard(file, "/optimizer", file, "/optimizer/x", H5P_DEFAULT,
                                  H5P_DEFAULT);
                 }),
                 "is not a data set"));
}

TEST_CASE("data_sets_that_overlap_are_refused_so_that_they_can_not_fill_the_memory") {
  Checkpoint checkpoint = example_checkpoint();
  checkpoint.model.push_back({"big", {10'000}, std::vector<float>(10'000)});
  const auto link_often = [](hid_t file) {
    for (int i = 0; i < 10; ++i) {
      const std::string name = fmt::format("/model/x{}", i);
      H5Lcreate_hard(file, "/model/big", file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }
  };
  CHECK(contains(error_after(link_often, checkpoint), "has the same bytes as another data set"));
}

TEST_CASE("huge_claimed_sizes_are_refused") {
  for (const std::vector<hsize_t>& axes :
       {std::vector<hsize_t>{hsize_t{1} << 40}, {hsize_t{1} << 32, hsize_t{1} << 31}}) {
    CHECK(contains(error_after([&](hid_t file) {
                     const Hdf5Handle list = creation_list();
                     const std::vector<hsize_t> chunk(axes.size(), 1);
                     H5Pset_chunk(list, static_cast<int>(chunk.size()), chunk.data());
                     add_data_set(file, axes, H5T_IEEE_F32LE, list);
                   }),
                   "no room for"));
  }
}

TEST_CASE("data_that_is_not_plainly_in_the_file_is_refused") {
  const auto with = [](const std::function<void(hid_t list)>& set, hid_t type) {
    return error_after([&](hid_t file) {
      const Hdf5Handle list = creation_list();
      set(list);
      add_data_set(file, {4}, type, list);
    });
  };
  const hsize_t chunk = 4;
  CHECK(contains(
      with([](hid_t list) { H5Pset_external(list, "/etc/passwd", 0, 16); }, H5T_IEEE_F32LE),
      "another file"));
  CHECK(contains(with([&](hid_t list) { H5Pset_chunk(list, 1, &chunk); }, H5T_IEEE_F32LE),
                 "never written"));
  CHECK(contains(with(
                     [&](hid_t list) {
                       H5Pset_chunk(list, 1, &chunk);
                       H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
                     },
                     H5T_IEEE_F32LE),
                 "not stored in one piece"));
  CHECK(contains(with([](hid_t) {}, H5T_IEEE_F32LE), "never written"));
  CHECK(contains(
      with([](hid_t list) { H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY); }, H5T_IEEE_F64LE),
      "another element type"));
  CHECK(contains(
      with([](hid_t list) { H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY); }, H5T_IEEE_F32LE),
      "checksum"));
}

TEST_CASE("attributes_that_are_no_plain_texts_are_refused") {
  const auto with = [](hid_t type, hsize_t count) {
    return error_after([&](hid_t file) {
      const Hdf5Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose, "", "");
      const Hdf5Handle made(H5Acreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                            "x", "make an attribute");
    });
  };
  const Hdf5Handle text(H5Tcopy(H5T_C_S1), H5Tclose, "", "");
  CHECK(with(text, 1) == "");
  CHECK(contains(with(text, 2), "'x' is an attribute that is not one text"));
  CHECK(contains(with(H5T_STD_I64LE, 1), "'x' is an attribute that is not one text"));
  H5Tset_size(text, H5T_VARIABLE);
  CHECK(contains(with(text, 1), "'x' is an attribute that is not one text"));
}

TEST_CASE("state_that_is_not_one_whole_number_is_refused") {
  const auto with = [](hid_t type, const std::vector<hsize_t>& axes) {
    return error_after([&](hid_t file) {
      H5Ldelete(file, "/state/step", H5P_DEFAULT);
      const Hdf5Handle list = creation_list();
      H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
      const auto rank = static_cast<int>(axes.size());
      const Hdf5Handle space(H5Screate_simple(rank, axes.data(), nullptr), H5Sclose, "", "");
      const Hdf5Handle set(
          H5Dcreate2(file, "/state/step", type, space, H5P_DEFAULT, list, H5P_DEFAULT), H5Dclose,
          "step", "make a data set");
    });
  };
  CHECK(contains(with(H5T_IEEE_F64LE, {}), "'step' has another element type"));
  CHECK(contains(with(H5T_STD_I32LE, {}), "'step' has another element type"));
  CHECK(contains(with(H5T_STD_I64LE, {2}), "'step' is not one number"));
}

TEST_CASE("changed_values_are_found_by_their_data_sets_checksum") {
  CHECK(contains(error_after([](hid_t file) {
                   const Hdf5Handle set(H5Dopen2(file, "/model/visual.proj", H5P_DEFAULT), H5Dclose,
                                        "", "");
                   const std::array<float, 6> values{1, -2, 3, 4, 5, 6};
                   H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
                 }),
                 "'visual.proj' is damaged"));
}

TEST_CASE("a_file_that_lacks_a_part_is_refused") {
  for (const char* name : {"model", "optimizer", "state"}) {
    CHECK(contains(error_after([&](hid_t file) { H5Ldelete(file, name, H5P_DEFAULT); }),
                   fmt::format("lacks '{}'", name)));
  }
  CHECK(contains(error_after([](hid_t file) { H5Adelete(file, "format"); }), "not a checkpoint"));
}
