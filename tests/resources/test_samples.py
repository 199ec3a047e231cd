"""The bundled samples are what their pages say: complete, balanced, without twins, and learnable."""

import csv
import gzip
import struct
from collections import Counter

import numpy as np
import pytest

from workbench.core.paths import resources

SAMPLES = resources() / "samples"


@pytest.fixture(scope="module")
def reviews() -> list[tuple[str, str]]:
    with (SAMPLES / "reviews" / "reviews.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        assert next(reader) == ["text", "label"]
        return [(text, label) for text, label in reader]


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def test_reviews_are_balanced_in_label_and_language(reviews: list[tuple[str, str]]):
    counts = Counter((is_chinese(text), label) for text, label in reviews)
    assert sum(counts.values()) >= 640
    assert set(counts.values()) == {len(reviews) // 4}


def test_no_review_stands_twice(reviews: list[tuple[str, str]]):
    texts = Counter("".join(letter for letter in text.lower() if letter.isalnum()) for text, _ in reviews)
    assert not [text for text, count in texts.items() if count > 1]


def test_reviews_have_the_length_of_reviews(reviews: list[tuple[str, str]]):
    for text, _ in reviews:
        assert text == text.strip()
        assert 10 <= len(text) <= 60 if is_chinese(text) else 5 <= len(text.split()) <= 40, text


def test_reviews_can_be_learned(reviews: list[tuple[str, str]]):
    """A linear model over letters gets nine in ten right; a network that does not is the network's fault."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedShuffleSplit

    texts, labels = np.array([text for text, _ in reviews], dtype=object), np.array([label for _, label in reviews])
    features = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    scores = []
    for training, validation in StratifiedShuffleSplit(2, test_size=0.1, random_state=0).split(texts, labels):
        model = LogisticRegression(C=10, max_iter=1000).fit(features.fit_transform(texts[training]), labels[training])
        scores.append(model.score(features.transform(texts[validation]), labels[validation]))
    assert np.mean(scores) > 0.85


def test_digits_are_those_of_the_source():
    from sklearn.datasets import load_digits

    values, targets = load_digits(return_X_y=True)
    images = gzip.decompress((SAMPLES / "digits" / "images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((SAMPLES / "digits" / "labels-idx1-ubyte.gz").read_bytes())
    assert struct.unpack(">4I", images[:16]) == (0x803, 1797, 8, 8)
    assert struct.unpack(">2I", labels[:8]) == (0x801, 1797)
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(1797, 8, 8)
    np.testing.assert_array_equal(np.round(pixels.astype(float) * 16 / 255), values.reshape(1797, 8, 8))
    np.testing.assert_array_equal(np.frombuffer(labels, np.uint8, offset=8), targets)


@pytest.mark.parametrize("sample", ["digits", "reviews"])
def test_every_sample_says_where_it_comes_from(sample: str):
    assert "MIT" in (text := (SAMPLES / sample / "ATTRIBUTION.md").read_text(encoding="utf-8")) or "CC BY 4.0" in text
