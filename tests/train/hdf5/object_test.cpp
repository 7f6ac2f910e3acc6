// Groups, attributes and texts are read as the HDF5 library wrote them.
#include "tests/train/hdf5/written.h"

#include "core/error.h"

#include <doctest/doctest.h>

using namespace tandem;
using namespace tandem::test;

namespace {

Hdf5Handle text_type(size_t size, H5T_str_t padding = H5T_STR_NULLPAD) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "", "");
  H5Tset_size(type, size);
  if (size != H5T_VARIABLE) H5Tset_strpad(type, padding);
  return type;
}

void write_attribute(hid_t object, const std::string& name, hid_t type, const void* value) {
  const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose, name, "make a shape");
  const Hdf5Handle made(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT),
                        H5Aclose, name, "make it");
  hdf5_checked(H5Awrite(made, type, value), name, "write it");
}

}  // namespace

TEST_CASE("hdf5_groups_of_any_size_are_listed_by_name_or_in_the_order_they_were_made_in") {
  const TemporaryFolder folder;
  for (const auto& versions : hdf5_versions) {
    for (const int count : {0, 1, 9, 300, 2000}) {
      for (const bool ordered : {false, true}) {
        write_hdf5(folder / "a.h5", versions, [&](hid_t file) {
          const Hdf5Handle list(H5Pcreate(H5P_GROUP_CREATE), H5Pclose, "", "");
          if (ordered) {
            H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
          }
          const Hdf5Handle group(H5Gcreate2(file, "g", H5P_DEFAULT, list, H5P_DEFAULT), H5Gclose,
                                 "g", "make it");
          for (int i = count; i-- > 0;) {
            H5Lcreate_hard(file, "/", group,
                           fmt::format("{:05}_{}", i, std::string(i % 40, 'x')).c_str(),
                           H5P_DEFAULT, H5P_DEFAULT);
          }
        });
        const auto links = member(open_hdf5(folder / "a.h5"), "g").links();
        REQUIRE(links.size() == static_cast<size_t>(count));
        for (int i = 0; i < count; ++i) {
          const int expected = ordered ? count - 1 - i : i;
          CHECK(links[static_cast<size_t>(i)].name ==
                fmt::format("{:05}_{}", expected, std::string(expected % 40, 'x')));
        }
      }
    }
  }
}

TEST_CASE("hdf5_attributes_are_read_however_many_and_long_they_are") {
  const TemporaryFolder folder;
  for (const auto& versions : hdf5_versions) {
    for (const int count : {0, 1, 9, 100}) {
      const bool may_be_long = versions.first != H5F_LIBVER_EARLIEST;
      const std::string text(may_be_long ? 300'000 : 300, 't');
      write_hdf5(folder / "a.h5", versions, [&](hid_t file) {
        for (int i = 0; i < count; ++i) {
          write_attribute(file, fmt::format("a{}", i), H5T_STD_I32LE, &i);
        }
        write_attribute(file, "text", text_type(text.size()), text.data());
      });
      const auto attributes = open_hdf5(folder / "a.h5").attributes();
      REQUIRE(attributes.size() == static_cast<size_t>(count) + 1);
      for (int i = 0; i < count; ++i) {
        const Hdf5Attribute& attribute = attributes.at(fmt::format("a{}", i));
        CHECK(attribute.shape.lengths.empty());
        CHECK(std::to_integer<int>(attribute.bytes.at(0)) == i);
      }
      const Bytes& read = attributes.at("text").bytes;
      CHECK(std::string(reinterpret_cast<const char*>(read.data()), read.size()) == text);
    }
  }
}

TEST_CASE("hdf5_texts_of_fixed_and_variable_length_are_read") {
  const TemporaryFolder folder;
  const char* const variable[]{"one", "", "three, which is longer", "\xC3\xBC"};
  for (const auto& versions : hdf5_versions) {
    write_hdf5(folder / "a.h5", versions, [&](hid_t file) {
      const Hdf5Handle type = text_type(H5T_VARIABLE);
      write_data_set(file, "v", type, type, {4}, variable);
      write_data_set(file, "c", type, type, {4}, variable, {.chunk = {3}, .deflate = true});
      const Hdf5Handle spaces = text_type(3, H5T_STR_SPACEPAD);
      write_data_set(file, "s", spaces, spaces, {2}, "ab c  ");
      const Hdf5Handle zeros = text_type(3);
      write_data_set(file, "z", zeros, zeros, {2}, "ab\0c d");
    });
    const Hdf5Object root = open_hdf5(folder / "a.h5");
    const auto texts = [&](const std::string& name) {
      const Hdf5DataSet set(member(root, name));
      return read_texts(set.source(), set.type(), set.read_all());
    };
    CHECK(texts("v") == std::vector<std::string>(std::begin(variable), std::end(variable)));
    CHECK(texts("c") == texts("v"));
    CHECK(texts("s") == std::vector<std::string>{"ab", "c"});
    CHECK(texts("z") == std::vector<std::string>{"ab", "c d"});
  }
}

TEST_CASE("hdf5_links_by_name_have_no_address") {
  const TemporaryFolder folder;
  for (const auto& versions : hdf5_versions) {
    write_hdf5(folder / "a.h5", versions, [&](hid_t file) {
      H5Lcreate_soft("/x", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
      H5Lcreate_external("/etc/passwd", "/x", file, "external", H5P_DEFAULT, H5P_DEFAULT);
    });
    const auto links = open_hdf5(folder / "a.h5").links();
    REQUIRE(links.size() == 2);
    CHECK((links[0].by_name() && links[1].by_name()));
  }
}

TEST_CASE("hdf5_files_cut_anywhere_or_with_a_byte_changed_are_read_or_refused") {
  const TemporaryFolder folder;
  for (const auto& versions : hdf5_versions) {
    write_hdf5(folder / "a.h5", versions, [&](hid_t file) {
      const std::vector<float> values(40, 1.5f);
      write_data_set(file, "x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {10, 4}, values.data(),
                     {.chunk = {3, 4}, .deflate = true});
      const Hdf5Handle type = text_type(H5T_VARIABLE);
      const char* const texts[]{"one", "two"};
      write_data_set(file, "t", type, type, {2}, texts);
    });
    const std::string whole = content_of(folder / "a.h5");
    const auto read = [&](const std::string& content) {
      try {
        const Hdf5Object root = open_hdf5(folder.write("b.h5", content));
        root.attributes();
        Hdf5DataSet(member(root, "x")).read_all();
        const Hdf5DataSet texts(member(root, "t"));
        read_texts(texts.source(), texts.type(), texts.read_all());
      } catch (const Error& error) {
        CHECK(error.what()[0] != '\0');
      }
    };
    for (size_t length = 0; length < whole.size(); length += 1 + length / 20) {
      read(whole.substr(0, length));
    }
    for (size_t at = 0; at < whole.size(); at += 3) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] + (at % 2 == 0 ? 1 : 0x7f));
      read(changed);
    }
  }
}
