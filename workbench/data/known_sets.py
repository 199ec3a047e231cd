"""Well-known sets of the MNIST family: recognised by the MD5 of their training images.

What counts is the unpacked content, since every packer writes other bytes for it; where only the checksum of the
published gzip file is known, that one is used.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownSet:
    """A published set: its name, and what its labels 0, 1, … stand for."""

    name: str
    classes: tuple[str, ...]


_DIGITS = tuple("0123456789")
# Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms"
_CLOTHES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")

# Clanuwat et al. 2018, "Deep Learning for Classical Japanese Literature": the first character of each row of kana
_KANA = ("お o", "き ki", "す su", "つ tsu", "な na", "は ha", "ま ma", "や ya", "れ re", "を wo")

_BY_CHECKSUM = {
    "6bbc9ace898e44ae57da46a324031adb": KnownSet("MNIST", _DIGITS),
    "f68b3c2dcbeaaa9fbdd348bbdeb94873": KnownSet("MNIST", _DIGITS),  # train-images-idx3-ubyte.gz as published
    "f4a8712d7a061bf5bd6d2ca38dc4d50a": KnownSet("Fashion-MNIST", _CLOTHES),
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d": KnownSet("Fashion-MNIST", _CLOTHES),  # train-images-idx3-ubyte.gz as published
    "bdb82020997e1d708af4cf47b453dcf7": KnownSet("Kuzushiji-MNIST", _KANA),  # train-images-idx3-ubyte.gz as published
}


def by_checksum(checksums: Iterable[str]) -> KnownSet | None:
    """Return the set that has files of these checksums, or None."""
    return next((_BY_CHECKSUM[checksum] for checksum in checksums if checksum in _BY_CHECKSUM), None)
