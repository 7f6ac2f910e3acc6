#include "train/data/svg.h"

#include "core/error.h"

#include <cairo.h>
#include <librsvg/rsvg.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace tandem {
namespace {

constexpr double kMaxAspect = 16;  // a longer picture would be mostly memory

struct Unref {
  void operator()(RsvgHandle* handle) const { g_object_unref(handle); }
  void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
  void operator()(cairo_t* context) const { cairo_destroy(context); }
};
using Handle = std::unique_ptr<RsvgHandle, Unref>;
using Surface = std::unique_ptr<cairo_surface_t, Unref>;
using Context = std::unique_ptr<cairo_t, Unref>;

[[noreturn]] void refuse(const std::string& name, const std::string& reason) {
  fail<DataError>("{}: this SVG can't be drawn: {}.", name, reason);
}

// The message of a GLib error, which is freed.
std::string take_message(GError* error) {
  if (error == nullptr) return "librsvg gives no reason";
  std::string message = error->message;
  g_error_free(error);
  return message;
}

// Width over height.
double aspect_of(RsvgHandle* handle, const std::string& name) {
  gboolean has_width = FALSE, has_height = FALSE, has_box = FALSE;
  RsvgLength width, height;
  RsvgRectangle box;
  rsvg_handle_get_intrinsic_dimensions(handle, &has_width, &width, &has_height, &height, &has_box,
                                       &box);
  if (!has_box || !(box.width > 0 && box.height > 0)) refuse(name, "it has no viewBox");
  const double aspect = box.width / box.height;
  if (!(aspect <= kMaxAspect && aspect >= 1 / kMaxAspect)) refuse(name, "it is far too long");
  return aspect;
}

// Cairo's pixels are 32-bit words 0x00RRGGBB in the machine's byte order.
Image pixels_of(cairo_surface_t* surface, int width, int height) {
  Image image{width, height, std::vector<uint8_t>(static_cast<size_t>(3) * width * height)};
  const uint8_t* data = cairo_image_surface_get_data(surface);
  const int stride = cairo_image_surface_get_stride(surface);
  auto* out = image.rgb.data();
  for (int y = 0; y < height; ++y) {
    const auto* row = reinterpret_cast<const uint32_t*>(data + static_cast<ptrdiff_t>(y) * stride);
    for (int x = 0; x < width; ++x, out += 3) {
      out[0] = static_cast<uint8_t>(row[x] >> 16);
      out[1] = static_cast<uint8_t>(row[x] >> 8);
      out[2] = static_cast<uint8_t>(row[x]);
    }
  }
  return image;
}

}  // namespace

Image render_svg(const std::string& svg, int64_t size, const std::string& name) {
  GError* error = nullptr;
  const Handle handle(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  if (!handle) refuse(name, take_message(error));
  const double aspect = aspect_of(handle.get(), name);
  const auto width = static_cast<int>(std::lround(size * std::max(aspect, 1.0)));
  const auto height = static_cast<int>(std::lround(size * std::max(1 / aspect, 1.0)));

  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height));
  const Context context(cairo_create(surface.get()));
  cairo_set_source_rgb(context.get(), 1, 1, 1);
  cairo_paint(context.get());
  const RsvgRectangle whole{0, 0, static_cast<double>(width), static_cast<double>(height)};
  if (!rsvg_handle_render_document(handle.get(), context.get(), &whole, &error))
    refuse(name, take_message(error));
  if (cairo_status(context.get()) != CAIRO_STATUS_SUCCESS)
    refuse(name, cairo_status_to_string(cairo_status(context.get())));
  cairo_surface_flush(surface.get());
  return pixels_of(surface.get(), width, height);
}

}  // namespace tandem
