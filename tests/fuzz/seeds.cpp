// Writes the seed corpora: FOLDER/<target>/<seed>, a few small files of every kind that is read.
//   fuzz_seeds FOLDER
#include "tests/fuzz/target.h"
#include "tests/train/checkpoint/example.h"
#include "tests/train/hdf5/written.h"
#include "tests/train/weights/torch_files.h"
#include "tests/train/written_jpeg.h"
#include "train/checkpoint/safetensors.h"
#include "train/checkpoint/seal.h"
#include "train/data/png.h"
#include "train/data/tar.h"
#include "train/text/bpe.h"
#include "train/text/byte_symbols.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <png.h>
#include <webp/encode.h>

#include <array>

using namespace tandem;

namespace {

namespace fs = std::filesystem;

class Seeds {
 public:
  explicit Seeds(fs::path folder) : folder_(std::move(folder)) {}

  fs::path path(const char* target, const std::string& name) const {
    fs::create_directories(folder_ / target);
    return folder_ / target / name;
  }
  void write(const char* target, const std::string& name, std::string_view content) const {
    std::ofstream(path(target, name), std::ios::binary) << content;
  }

 private:
  fs::path folder_;
};

void write_checkpoints(const Seeds& seeds) {
  const auto path = seeds.path("checkpoint", "example").string();
  write_checkpoint(path, test::example_checkpoint());
  seeds.write("checkpoint", "example", test::content_of(path).substr(seal_bytes));
}

void write_texts(hid_t file, const char* name, const Hdf5Handle& type, const void* values) {
  test::write_data_set(file, name, type, type, {3}, values);
}

// Three pictures and classes, in every version of the format and stored in different ways.
void write_features(const Seeds& seeds) {
  const std::vector<float> values{1, 2, 3, 4, 5, 6};
  const std::vector<int32_t> numbers{0, 1, 2};
  const char* const texts[]{"train", "val", "test"};
  const hsize_t no_end = H5S_UNLIMITED;
  const std::vector<test::Hdf5Storage> storages{
      {},
      {.chunk = {2, 2}, .deflate = true, .shuffle = true, .fletcher = true},
      {.chunk = {3, 2}, .deflate = true},
      {.most = {no_end, 2}, .chunk = {1, 2}},
      {.most = {no_end, no_end}, .chunk = {1, 1}, .deflate = true}};
  for (size_t version = 0; version < test::hdf5_versions.size(); ++version) {
    for (size_t i = 0; i < storages.size(); ++i) {
      const std::string path =
          seeds.path("features", fmt::format("version_{}_{}", version, i)).string();
      test::write_hdf5(path, test::hdf5_versions[version], [&](hid_t file) {
        for (const char* name : {"image_features", "class_text_features", "text_features"}) {
          test::write_data_set(file, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, {3, 2}, values.data(),
                               storages[i]);
        }
        for (const char* name : {"labels", "caption_image"}) {
          test::write_data_set(file, name, H5T_STD_I16LE, H5T_NATIVE_INT32, {3}, numbers.data());
        }
        const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose, path, "make a type");
        write_texts(file, "class_names", type, "abc");
        H5Tset_size(type, H5T_VARIABLE);
        write_texts(file, "split", type, texts);
        // So many that they are stored in the other way.
        for (int n = 0; n < 8; ++n) {
          H5Lcreate_soft("/x", file, fmt::format("link{}", n).c_str(), H5P_DEFAULT, H5P_DEFAULT);
        }
      });
    }
  }
}

void write_safetensors_seeds(const Seeds& seeds) {
  write_safetensors(seeds.path("safetensors", "example").string(), test::example_checkpoint().model,
                    {{"format", "pt"}});
  const std::string header = R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},)"
                             R"("b":{"dtype":"BF16","shape":[2,1],"data_offsets":[8,12]}})";
  seeds.write("safetensors", "integers",
              test::little(uint64_t{header.size()}) + header + std::string(12, '\1'));
}

void write_tables(const Seeds& seeds) {
  seeds.write("table", "jsonl",
              std::string(1, '\0') +
                  "{\"image\":\"a.png\",\"captions\":[\"x\",\"\\u00e9\"],\"split\":\"test\","
                  "\"group\":7}\n{\"image\":\"a.png\",\"caption\":\"y\",\"group\":\"g\"}\n");
  seeds.write("table", "csv",
              "\1image,caption,caption_2,split,group\r\n"
              "a.png,\"one, \"\"two\"\"\nthree\",four,train,1\r\n");
  seeds.write("table", "tsv", "\2image\tcaption\na.png\ta b\n");
  seeds.write("table", "tar",
              std::string(1, '\3') + tar_member("1.png", "x") +
                  tar_member("1.json", "{\"captions\":[\"a\",\"b\"],\"probabilities\":[1,2]}") +
                  tar_member("2.jpg", "y") + tar_member("2.txt", "two") + tar_end());
  seeds.write("table", "coco",
              "\4{\"images\":[{\"id\":1,\"file_name\":\"a.png\"}],"
              "\"annotations\":[{\"image_id\":1,\"caption\":\"a\"}]}");
  seeds.write("table", "idx", std::string("\5\0\0\10\3\0\0\0\2\0\0\0\1\0\0\0\2abcd", 21));
}

void write_tokenizers(const Seeds& seeds) {
  const std::array<std::string, 3> captions{"a red apple", "a red pear", "two red apples"};
  seeds.write("tokenizer", "json", train_bpe(captions, 530)->serialize());
  seeds.write("tokenizer", "merges", "#version: 0.2\na p\nap p\nr e\ne d</w>\n");
  const fs::path gzipped = seeds.path("tokenizer", "gzip");
  const gzFile file = gzopen(gzipped.c_str(), "wb");
  gzputs(file, "#version: 0.2\nt h\nth e</w>\n");
  gzclose(file);
}

// A vocab.json of the bytes and one merge, with its merges.txt; the same as a tokenizer.json.
void write_huggingface(const Seeds& seeds) {
  nlohmann::json vocabulary;
  for (const char* end : {"", "</w>"})
    for (const uint8_t byte : bytes_in_id_order()) {
      const size_t id = vocabulary.size();
      vocabulary[symbol_of_byte(byte) + end] = id;
    }
  vocabulary["re"] = 512;
  vocabulary["<|startoftext|>"] = 513;
  vocabulary["<|endoftext|>"] = 514;
  seeds.write("tokenizer", "vocabulary",
              vocabulary.dump() + std::string(1, '\0') + "#version: 0.2\nr e\n");
  seeds.write("tokenizer", "huggingface",
              R"({"normalizer":{"type":"Lowercase"},"pre_tokenizer":{"type":"ByteLevel"},)"
              R"("added_tokens":[{"id":514,"content":"<|endoftext|>"}],"model":{"type":"BPE",)"
              R"("end_of_word_suffix":"</w>","merges":["r e"],"vocab":)" +
                  vocabulary.dump() + "}}");
}

void write_torch(const Seeds& seeds) {
  const std::string dict =
      test::state_dict("visual.proj", test::tensor("0", 16, 0, {2, 3}, {3, 1}));
  const std::string nested = test::state_dict("state_dict", "}" + test::text("epoch") + "K\2s");
  const std::string others = std::string("\x80\x04(") + "\x8c\1x\x94" + "h\0" + "G?\xf0" +
                             std::string(6, '\0') + "I12\nNt\x85.";
  int number = 0;
  for (const std::string& pickle : {dict, nested, others}) {
    seeds.write("pickle", fmt::format("{}", number), pickle);
    seeds.write("torch", fmt::format("pickle_{}", number++), "\1" + pickle);
  }
  seeds.write("torch", "archive",
              std::string(1, '\0') + test::archive_of(dict, std::string(64, '\1')));
}

// Of a type and depth, with a palette where it needs one.
std::string png_of(int type, int depth, int interlace) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto append = [](png_structp writer, png_bytep from, size_t count) {
    static_cast<std::string*>(png_get_io_ptr(writer))
        ->append(reinterpret_cast<const char*>(from), count);
  };
  png_set_write_fn(png, &bytes, append, nullptr);
  png_set_IHDR(png, info, 5, 4, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  const png_color palette[] = {{9, 8, 7}, {50, 60, 70}};
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 2);
  png_write_info(png, info);
  std::array<uint8_t, 64> row{};
  std::array<png_bytep, 4> rows{row.data(), row.data(), row.data(), row.data()};
  png_write_image(png, rows.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

std::string jpeg_of(int channels, J_COLOR_SPACE space, bool progressive) {
  std::vector<uint8_t> pixels;
  for (int y = 0; y < 9; ++y) {
    pixels.insert(pixels.end(), {1, 99, 200});
    pixels.resize(static_cast<size_t>((y + 1) * 9 * channels));
  }
  return test::jpeg_bytes(pixels, 9, 9, channels, space,
                          {.quality = 75, .progressive = progressive});
}

void write_pictures(const Seeds& seeds) {
  seeds.write("picture", "rgb", png_of(PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE));
  seeds.write("picture", "rgba_16", png_of(PNG_COLOR_TYPE_RGBA, 16, PNG_INTERLACE_NONE));
  seeds.write("picture", "palette", png_of(PNG_COLOR_TYPE_PALETTE, 1, PNG_INTERLACE_NONE));
  seeds.write("picture", "grey_interlaced", png_of(PNG_COLOR_TYPE_GRAY, 2, PNG_INTERLACE_ADAM7));
  seeds.write("picture", "jpeg", jpeg_of(3, JCS_RGB, false));
  seeds.write("picture", "jpeg_grey", jpeg_of(1, JCS_GRAYSCALE, false));
  seeds.write("picture", "jpeg_cmyk", jpeg_of(4, JCS_CMYK, false));
  seeds.write("picture", "jpeg_progressive", jpeg_of(3, JCS_RGB, true));
}

void write_webp(const Seeds& seeds) {
  std::array<uint8_t, 4 * 9 * 7> rgba{1, 99, 200, 128};
  uint8_t* bytes = nullptr;
  const size_t lossy = WebPEncodeRGB(rgba.data(), 9, 7, 9 * 3, 50, &bytes);
  seeds.write("picture", "webp", fuzz::text_of(bytes, lossy));
  WebPFree(bytes);
  const size_t exact = WebPEncodeLosslessRGBA(rgba.data(), 9, 7, 9 * 4, &bytes);
  seeds.write("picture", "webp_lossless", fuzz::text_of(bytes, exact));
  WebPFree(bytes);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "fuzz_seeds FOLDER\n");
    return 2;
  }
  const Seeds seeds(argv[1]);
  write_checkpoints(seeds);
  write_features(seeds);
  write_safetensors_seeds(seeds);
  write_tables(seeds);
  write_tokenizers(seeds);
  write_huggingface(seeds);
  write_torch(seeds);
  write_pictures(seeds);
  write_webp(seeds);
  return 0;
}
