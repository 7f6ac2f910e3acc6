// `tandem preprocess IMAGE... --size N [--out FILE.npy]`: pictures as a model sees them.
#include "core/error.h"
#include "train/cli/command.h"
#include "train/data/fit.h"
#include "train/data/npy.h"
#include "train/data/write_file.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <array>

namespace tandem {
namespace {

struct PreprocessOptions {
  std::vector<std::string> images;
  std::string out;
  std::string alpha = "drop";
  std::string mode = "shortest";
  std::string filter = "bicubic";
  int64_t size = 0;
  int64_t max_pixels = 100'000'000;
};

void print_line(const std::string& path, const Image& image, const Image& square) {
  std::array<double, 3> sums{};
  for (size_t i = 0; i < square.rgb.size(); ++i) sums[i % 3] += square.rgb[i];
  const auto pixels = static_cast<double>(square.rgb.size() / 3);
  fmt::print("{}: {} x {} to {} x {}, mean {:.2f} {:.2f} {:.2f}\n", path, image.width, image.height,
             square.width, square.height, sums[0] / pixels, sums[1] / pixels, sums[2] / pixels);
}

void preprocess_files(const PreprocessOptions& options) {
  const DecodeOptions decode{alpha_from_name(options.alpha), options.max_pixels};
  const Fit fit = fit_from_names(options.mode, options.filter);
  std::vector<uint8_t> all;  // [pictures, size, size, 3]
  for (const std::string& path : options.images) {
    const Image image = load_image(path, decode);
    const Image square = resize_to_square(image, options.size, fit);
    if (options.out.empty()) {
      print_line(path, image, square);
    } else {
      all.insert(all.end(), square.rgb.begin(), square.rgb.end());
    }
  }
  if (options.out.empty()) return;
  std::vector<int64_t> shape{options.size, options.size, 3};
  if (options.images.size() > 1) {
    shape.insert(shape.begin(), static_cast<int64_t>(options.images.size()));
  }
  write_file(options.out, npy_bytes(shape, all));
  fmt::print("wrote {}: uint8 [{}]\n", options.out, fmt::join(shape, ", "));
}

void add_preprocess(CLI::App& program) {
  const auto options = std::make_shared<PreprocessOptions>();
  CLI::App* command =
      program.add_subcommand("preprocess", "Resize pictures to squares, as evaluation does");
  command->add_option("image", options->images, "PNG, JPEG or WebP files")->required();
  command->add_option("--size", options->size, "Pixels a side")
      ->required()
      ->check(CLI::Range(1, 8192));
  command->add_option("--out", options->out,
                      "NumPy file: uint8 [N, N, 3], or [k, N, N, 3] of several pictures; without "
                      "it a line is printed for each");
  command->add_option("--alpha", options->alpha, "Transparency: drop (default) or white");
  command
      ->add_option("--mode", options->mode,
                   "shortest (default): that edge fits and the centre is cut; longest: that "
                   "edge fits and black is put around it; squash: both fit")
      ->check(CLI::IsMember({"shortest", "longest", "squash"}));
  command->add_option("--filter", options->filter, "bicubic (default) or bilinear")
      ->check(CLI::IsMember({"bicubic", "bilinear"}));
  command->add_option("--max-pixels", options->max_pixels, "Refuse larger pictures")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 32));
  command->callback([options] { preprocess_files(*options); });
}

const Command command(add_preprocess);

}  // namespace
}  // namespace tandem
