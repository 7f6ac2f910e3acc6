"""Holds `tandem preprocess` to PIL's pixels in every mode and filter (python3-pil, python3-numpy).

    python3 tests/peers/pixels_pil.py build/release/tandem

PNG and lossless WebP must be equal to the byte, JPEG and lossy WebP within 2 levels. The modes are
those of open_clip's image_transform, written down here once more.
"""

import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from PIL import Image
except ImportError:
    print("skipped: python3-pil or python3-numpy is not installed")
    sys.exit(77)

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
SIZES = [(37, 53), (160, 90), (90, 161), (64, 64), (301, 40), (5, 3), (1, 9), (33, 500)]
KINDS = [("png", {}, 0), ("webp", {"lossless": True}, 0), ("jpg", {"quality": 90}, 2),
         ("webp", {"quality": 80}, 2)]


def draw(width, height):
    """Smooth colours with noise, and sharp edges."""
    rows, columns = np.mgrid[0:height, 0:width]
    random = np.random.default_rng(width * 1000 + height)
    picture = np.stack([rows * 5 + columns, columns * 7, rows * columns // 3], -1) % 256
    picture = picture + random.integers(-20, 20, picture.shape)
    picture[height // 3:height // 2] = 255 * ((columns[height // 3:height // 2, :, None] // 2) % 2)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def crop(image, size):
    left = round((image.width - size) / 2)
    top = round((image.height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def resize(image, size, filter_):
    """Along rows first, then along columns, as Pillow up to 12 does in one call. Pillow 13 goes
    along the columns of tall pictures first, which rounds and clips otherwise."""
    return image.resize((size[0], image.height), filter_).resize(size, filter_)


def expected(image, size, mode, filter_):
    width, height = image.size
    if mode == "squash":
        return resize(image, (size, size), filter_)
    if mode == "shortest":
        short = min(width, height)
        return crop(resize(image, (int(size * width / short), int(size * height / short)), filter_),
                    size)
    ratio = max(width / size, height / size)
    inner = resize(image, (max(round(width / ratio), 1), max(round(height / ratio), 1)), filter_)
    out = Image.new("RGB", (size, size))
    out.paste(inner, ((size - inner.width) // 2, (size - inner.height) // 2))
    return out


def check(tandem, folder, kind, options, tolerance):
    paths = []
    for i, size in enumerate(SIZES):
        paths.append(folder / f"{i}.{kind}")
        draw(*size).save(paths[-1], **options)
    largest = 0
    for size in (32, 75):
        for mode in ("shortest", "longest", "squash"):
            for name, filter_ in FILTERS.items():
                out = folder / "out.npy"
                subprocess.run([tandem, "preprocess", *paths, "--size", str(size), "--mode", mode,
                                "--filter", name, "--out", out], check=True)
                theirs = [expected(Image.open(path).convert("RGB"), size, mode, filter_)
                          for path in paths]
                found = np.load(out).astype(int) - np.stack([np.asarray(x) for x in theirs])
                largest = max(largest, np.abs(found).max())
                if largest > tolerance:
                    sys.exit(f"{kind} {options} {mode} {name} {size}: {largest} levels off")
    print(f"{kind} {options}: largest difference {largest}")


with tempfile.TemporaryDirectory() as temporary:
    for kind, options, tolerance in KINDS:
        check(sys.argv[1], pathlib.Path(temporary), kind, options, tolerance)
