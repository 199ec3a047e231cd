"""Reading one image that is not to be trusted: the same code for the cache, the window and predictions.

It needs Pillow and numpy only, so that decoding processes start quickly. What an image may be is allow-listed; what is
odd about it is brought to 8-bit grey or colour in a fixed way, whatever the other images are: transparency lies over
white; 16 bits are divided by 257; CMYK and palettes become colour; a photograph is turned as its EXIF orientation says;
of an animation or a document the first picture counts. An image of another size is stretched to the wanted one
(bilinear, over all pixels it covers), as most training scripts of the field do: nothing is cut off or framed.
"""

import io
import os
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from workbench.core.errors import UserError
from workbench.core.words import mark

VERSION = 1  # raise it whenever the same file would give other pixels: caches are keyed by it
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"})
MOST_PIXELS = 50_000_000
LARGEST_SIDE = 1024  # pixels of an image in a cache: what a network of this program can take

# What was done to an image that a person may want to know: its name, and the sentence about `count` such images.
NOTES = {
    "first_frame": mark("Only the first picture of an animation or document is used: {count}."),
    "alpha": mark("Transparency is shown over white: {count}."),
    "deep": mark("Brought from 16 to 8 bits: {count}."),
    "cmyk": mark("Converted from the colours of print: {count}."),
    "rotated": mark("Turned as the camera noted: {count}."),
}
_GREY_MODES = ("1", "L", "LA", "La", "I", "F")
_ORIENTED = ("exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp")
_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)

_OPENING = threading.Lock()  # what warnings do is the same for all threads: one at a time may change it

Source = str | os.PathLike[str] | bytes | Image.Image


@dataclass(frozen=True)
class Reading:
    """An image as it was read: pixels (H, W, C) uint8, and what it was before.

    height, width, channels (1 or 3): its own. notes: names of NOTES.
    """

    pixels: np.ndarray
    height: int
    width: int
    channels: int
    notes: tuple[str, ...]


def decoded(source: Source, channels: int | None = None, height: int = 0, width: int = 0) -> np.ndarray:
    """Return an image as (H, W, C) uint8, in the wanted channels (1 or 3) and size, or in its own; see `read`."""
    return read(source, channels, height, width).pixels


def read(source: Source, channels: int | None = None, height: int = 0, width: int = 0) -> Reading:
    """Return an image in the wanted channels (1 or 3) and size, or in its own, with what was found.

    source: a path, the bytes of a file, or a Pillow image. Raises UserError that says what is wrong with it.
    """
    try:
        with _opened(source) as image:
            return _read(image, channels, height, width)
    except UserError:
        raise
    except MemoryError:
        raise UserError("It does not fit into memory.") from None
    except Exception as error:  # Pillow raises nearly anything on damaged files: ValueError, SyntaxError, struct.error…
        raise _damaged(source, error) from error


def measured(source: Source) -> tuple[int, int, int]:
    """Return height, width and channels (1 or 3) of an image from its header, without decoding it; raises UserError."""
    try:
        with _opened(source) as image:
            width, height = image.size
            if any(name in image.info for name in _ORIENTED) and image.getexif().get(_ORIENTATION, 1) in _SIDEWAYS:
                width, height = height, width
            return height, width, 1 if _is_grey(image) else 3
    except UserError:
        raise
    except Exception as error:
        raise _damaged(source, error) from error


def _opened(source: Source) -> Image.Image:
    if isinstance(source, Image.Image):
        return _checked(source.copy())
    with _OPENING, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = Image.open(io.BytesIO(source) if isinstance(source, bytes) else os.fspath(source), formats=FORMATS)
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise _too_large() from None
    return _checked(image)


def _checked(image: Image.Image) -> Image.Image:
    if 0 < image.width * image.height <= MOST_PIXELS:
        return image
    pixels = image.width * image.height
    image.close()
    raise _too_large() if pixels else UserError("It has no pixels.")


def _too_large() -> UserError:
    return UserError("It is too large: more than {most} million pixels.", most=MOST_PIXELS // 1_000_000)


def _damaged(source: Source, error: Exception) -> UserError:
    details = f"{type(error).__name__}: {error}"
    if isinstance(error, FileNotFoundError):
        return UserError("It is not there.", details=details)
    if isinstance(error, PermissionError):
        return UserError("It may not be read.", details=details)
    if isinstance(source, Image.Image):
        return UserError("It could not be read as an image.", details=details)
    try:
        start, size = _start(source)
    except OSError:
        return UserError("It could not be read.", details=details)
    if not size:
        return UserError("It is empty.", details=details)
    if not _looks_like_an_image(start):
        return UserError("It is not an image of a known format.", details=details)
    if "truncated" in str(error).lower():
        return UserError("It ends too early.", details=details)
    return UserError("It is damaged.", details=details)


def _start(source: str | os.PathLike[str] | bytes) -> tuple[bytes, int]:
    if isinstance(source, bytes):
        return source[:16], len(source)
    with open(source, "rb") as file:
        return file.read(16), os.fstat(file.fileno()).st_size


def _looks_like_an_image(start: bytes) -> bool:
    known = (b"\x89PNG", b"\xff\xd8", b"BM", b"II*\0", b"MM\0*", b"GIF8")
    return start.startswith(known) or (start.startswith(b"RIFF") and start[8:12] == b"WEBP")


def _is_grey(image: Image.Image) -> bool:
    return image.mode in _GREY_MODES or image.mode.startswith("I;")


def _read(image: Image.Image, channels: int | None, height: int, width: int) -> Reading:
    notes: list[str] = []
    own_width, own_height = image.size
    if image.format in ("GIF", "PNG", "WEBP", "TIFF") and getattr(image, "is_animated", False):
        notes.append("first_frame")
    if image.format == "JPEG" and height and width:
        # libjpeg leaves out detail beyond twice the wanted size, which is many times faster for photographs
        image.draft(None, (2 * max(width, height), 2 * max(width, height)))
    image.load()
    # a TIFF is turned by Pillow itself while it loads
    if any(name in image.info for name in _ORIENTED) and image.getexif().get(_ORIENTATION, 1) != 1:
        if image.getexif().get(_ORIENTATION) in _SIDEWAYS:
            own_width, own_height = own_height, own_width
        image = ImageOps.exif_transpose(image)
        notes.append("rotated")
    own_channels = 1 if _is_grey(image) else 3
    image = _eight_bit(image, channels, notes)
    if height and width and image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    pixels = np.asarray(image)
    return Reading(
        pixels[:, :, None] if pixels.ndim == 2 else pixels, own_height, own_width, own_channels, tuple(notes)
    )


def _eight_bit(image: Image.Image, channels: int | None, notes: list[str]) -> Image.Image:
    """Return the image in mode L or RGB."""
    grey = _is_grey(image)
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        pass
    elif image.mode.startswith("I") or image.mode == "F":
        image = _from_deep(image, notes)
    elif image.has_transparency_data:
        layers = image.convert("RGBA")
        notes.append("alpha")
        image = Image.alpha_composite(Image.new("RGBA", layers.size, "white"), layers).convert("L" if grey else "RGB")
    else:
        if image.mode == "CMYK":
            notes.append("cmyk")
        image = image.convert("L" if grey else "RGB")
    wanted = {None: image.mode, 1: "L", 3: "RGB"}[channels]
    return image if image.mode == wanted else image.convert(wanted)


def _from_deep(image: Image.Image, notes: list[str]) -> Image.Image:
    """Return grey values of more than 8 bits as 8 bits: 65,535 and 1.0 become 255."""
    values = np.asarray(image)
    notes.append("deep")
    if image.mode == "F":
        values = np.nan_to_num(values, nan=0.0, posinf=255.0, neginf=0.0)
        values = values * 255 if values.max() <= 1 else values
        return Image.fromarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))
    return Image.fromarray(((np.clip(values, 0, 65535).astype(np.uint32) + 128) // 257).astype(np.uint8))


def shown(name: str | bytes | Path) -> str:
    """Return a file name as it can be shown: escaped where it is not UTF-8, breaks a line or turns the writing."""
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else str(name)
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")
