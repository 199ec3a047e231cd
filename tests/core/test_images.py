"""Reading one image: every form the world has, brought to 8 bits the same way; every damage named."""

import io
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.core.errors import UserError
from workbench.core.images import MOST_PIXELS, decoded, measured, read, shown

COLOURS = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3) * 4


def saved(image: Image.Image, form: str, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_forms_give_the_very_pixels(form: str) -> None:
    content = saved(Image.fromarray(COLOURS), form, **({"lossless": True} if form == "WEBP" else {}))
    assert np.array_equal(decoded(content), COLOURS)
    assert measured(content) == (5, 4, 3)


def test_a_path_the_bytes_and_the_image_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(Image.fromarray(COLOURS), "JPEG"))
    with Image.open(path) as image:
        results = [decoded(path, 1, 3, 3), decoded(str(path), 1, 3, 3), decoded(path.read_bytes(), 1, 3, 3)]
        assert np.array_equal(results[0], results[1])
        assert np.array_equal(results[0], results[2])
        assert decoded(image, 1, 3, 3).shape == (3, 3, 1)


def test_sixteen_bits_are_divided_by_257() -> None:
    values = np.array([[0, 257, 65535], [128 * 257, 128, 129]], np.uint16)
    reading = read(saved(Image.fromarray(values), "PNG"))
    assert reading.pixels[..., 0].tolist() == [[0, 1, 255], [128, 0, 1]]
    assert reading.notes == ("deep",)
    assert reading.channels == 1


def test_floating_point_from_zero_to_one_fills_the_range() -> None:
    values = np.array([[0.0, 0.5], [1.0, np.nan]], np.float32)
    assert decoded(saved(Image.fromarray(values), "TIFF"))[..., 0].tolist() == [[0, 128], [255, 0]]


def test_transparency_lies_over_white() -> None:
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))
    reading = read(saved(image, "PNG"))
    assert reading.pixels.tolist() == [[[255, 0, 0], [255, 255, 255]]]
    assert reading.notes == ("alpha",)


def test_grey_with_transparency_stays_grey() -> None:
    image = Image.new("LA", (2, 1), (10, 255))
    image.putpixel((1, 0), (10, 0))
    assert decoded(saved(image, "PNG")).tolist() == [[[10], [255]]]


def test_a_transparent_palette_lies_over_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((1, 0), 1)
    assert decoded(saved(image, "GIF", transparency=1)).tolist() == [[[255, 0, 0], [255, 255, 255]]]


def test_a_photograph_is_turned_as_the_camera_noted() -> None:
    image = Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 16, axis=0).repeat(16, axis=1))  # 16 × 32
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned a quarter to the left
    content = saved(image, "JPEG", exif=exif, quality=95)
    reading = read(content)
    assert (reading.height, reading.width) == measured(content)[:2] == (32, 16)
    assert reading.pixels[2, 8, 0] < 40
    assert reading.pixels[-3, 8, 0] > 215
    assert reading.notes == ("rotated",)


def test_an_animation_gives_its_first_picture() -> None:
    frames = [Image.new("L", (3, 3), value) for value in (10, 200)]
    reading = read(saved(frames[0], "GIF", save_all=True, append_images=frames[1:]), 1)
    assert (reading.pixels == 10).all()
    assert reading.notes == ("first_frame",)


def test_colours_of_print_become_colours_of_light() -> None:
    reading = read(saved(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=95))
    assert reading.pixels.shape == (8, 8, 3)
    assert reading.pixels[0, 0, 0] > 200
    assert reading.pixels[0, 0, 2] < 60
    assert "cmyk" in reading.notes


def test_grey_is_made_and_taken_as_asked() -> None:
    assert decoded(saved(Image.fromarray(COLOURS), "PNG"), 1).shape == (5, 4, 1)
    assert decoded(saved(Image.new("L", (4, 5), 7), "PNG"), 3).tolist() == [[[7, 7, 7]] * 4] * 5


def test_the_wanted_size_is_reached_by_stretching() -> None:
    half = np.repeat([[0, 200]], 40, axis=0).repeat(10, axis=1).astype(np.uint8)  # 40 × 20
    result = decoded(saved(Image.fromarray(half), "PNG"), 1, 8, 8)
    assert result.shape == (8, 8, 1)
    assert result[:, 0].max() == 0
    assert result[:, -1].min() == 200


def test_a_large_photograph_keeps_its_pixels_though_most_of_its_detail_is_never_decoded() -> None:
    random = np.random.default_rng(0)
    rough = Image.fromarray(random.integers(0, 256, (27, 48, 3), dtype=np.uint8)).resize((1920, 1080))
    noisy = np.clip(np.asarray(rough) + random.normal(0, 8, (1080, 1920, 1)), 0, 255).astype(np.uint8)
    content = saved(Image.fromarray(noisy), "JPEG", quality=90)
    whole = Image.open(io.BytesIO(content)).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    difference = np.abs(decoded(content, 3, 224, 224).astype(int) - np.asarray(whole))
    assert difference.mean() < 1  # of 255
    assert difference.max() <= 6


def test_many_threads_read_as_one_does() -> None:
    content = [saved(Image.fromarray(COLOURS + number), "JPEG") for number in range(64)]
    with ThreadPoolExecutor(8) as threads:
        assert all(map(np.array_equal, threads.map(decoded, content), map(decoded, content)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"just a text", "not an image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not an image"),
        (b"8BPS\0\1", "not an image"),
        (saved(Image.effect_noise((64, 64), 50), "JPEG")[:900], "ends too early"),
        (saved(Image.fromarray(COLOURS), "PNG")[:50], "ends too early|damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "damaged"),
        (b"GIF89a" + b"\xff" * 9, "damaged"),
    ],
)
def test_what_is_no_image_is_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(content)
    for source in (content, path):
        with pytest.raises(UserError, match=message):
            decoded(source)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not there"):
        decoded(tmp_path / "nothing.png")


def test_a_decompression_bomb_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)  # 400 million pixels in some 50 kB
    code = (
        "import resource, sys\nfrom workbench.core.images import decoded\nfrom workbench.core.errors import UserError\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: decoded(sys.argv[1])\nexcept UserError as error: print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    if sys.platform == "win32":
        pytest.skip("needs the resource module")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    message, grown = done.stdout.splitlines()
    assert "too large" in message
    assert int(grown) < 100_000  # kB


def test_the_cap_holds_below_what_pillow_warns_of() -> None:
    with pytest.raises(UserError, match="too large"):
        decoded(Image.new("1", (MOST_PIXELS // 5000 + 1, 5000)))


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("plain ä 图.png", "plain ä 图.png"),
        (os.fsdecode(b"caf\xe9.png"), "caf\\xe9.png"),
        ("line\nbreak", "line\\nbreak"),
        ("a\u202ecod.exe", "a\\u202ecod.exe"),
    ],
)
def test_names_are_shown_on_one_line_in_their_order(name: str, escaped: str) -> None:
    assert shown(name) == escaped


def test_every_image_file_cut_anywhere_gives_a_message_or_pixels() -> None:
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        whole = saved(Image.fromarray(COLOURS), form)
        for length in range(0, len(whole), max(1, len(whole) // 25)):
            try:
                assert decoded(whole[:length], 3, 6, 6).shape == (6, 6, 3)
            except UserError:
                continue
