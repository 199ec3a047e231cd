"""Preprocessing: fitted on the training split, the same for a dropped file as for the cache."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data.pictures import content, tree
from workbench.core.signature import Inputs
from workbench.data import open_data
from workbench.data.preprocessing import ImagePreprocessing, TextPreprocessing, fit, from_plain
from workbench.data.text_preprocessing import words_of
from workbench.data.token_preprocessing import SubwordPreprocessing


def test_training_images_get_mean_zero_and_deviation_one() -> None:
    dataset = open_data({"kind": "samples"})
    preprocessing = fit(dataset)
    assert isinstance(preprocessing, ImagePreprocessing)
    tensor = preprocessing.tensor(torch.from_numpy(dataset.training.rows()))
    assert tensor.shape == (1437, 1, 8, 8)
    assert tensor.dtype == torch.float32
    assert tensor.mean().item() == pytest.approx(0, abs=1e-4)
    assert tensor.std().item() == pytest.approx(1, abs=1e-3)
    other = preprocessing.tensor(torch.from_numpy(dataset.test.rows()))
    assert other.mean().item() != pytest.approx(0, abs=1e-4)  # the test split has no say


def test_channels_are_brought_to_their_own_mean(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(10):
            Image.new("RGB", (4, 4), (number * 10, 200, 5 * (number % 2))).save(tmp_path / name / f"{number}.png")
    dataset = open_data({"kind": "image_folder", "path": str(tmp_path), "validation": 0, "test": 0})
    preprocessing = fit(dataset)
    assert isinstance(preprocessing, ImagePreprocessing)
    assert preprocessing.mean == pytest.approx((45 / 255, 200 / 255, 2.5 / 255))
    assert preprocessing.std == pytest.approx((np.arange(0, 100, 10).std() / 255, 1 / 255, 2.5 / 255))
    tensor = preprocessing.tensor(torch.from_numpy(dataset.training.rows()))
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    floats = preprocessing.normalised(torch.from_numpy(dataset.training.rows()).permute(0, 3, 1, 2) / 255)
    assert torch.allclose(tensor, floats, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"size": "12x10"}, {"channels": "grey"}, {"size": "5", "channels": "grey"}])
def test_a_file_is_encoded_to_the_very_pixels_of_the_cache(settings: dict[str, str], tmp_path: Path) -> None:
    given = {
        f"{'ab'[n % 2]}/{n}.{form.lower()}": content(n, side, form=form)
        for n, (side, form) in enumerate(
            [(20, "PNG"), (30, "JPEG"), (33, "WEBP"), (50, "BMP"), (64, "TIFF"), (90, "GIF")] * 2
        )
    }
    dataset = open_data({"kind": "image_folder", "path": str(tree(tmp_path, given)), **settings})
    preprocessing = fit(dataset)
    assert isinstance(preprocessing, ImagePreprocessing)
    for split in dataset.splits.values():
        for name, pixels in zip(split.names, split.rows(), strict=True):
            path = tmp_path / name
            for raw in (path, str(path), path.read_bytes()):
                assert np.array_equal(preprocessing.encode(raw), pixels)


def test_a_png_of_a_cached_image_gives_that_image(tmp_path: Path) -> None:
    dataset = open_data({"kind": "samples"})
    preprocessing = fit(dataset)
    assert isinstance(preprocessing, ImagePreprocessing)
    for number, pixels in enumerate(dataset.validation.rows()[:20]):
        Image.fromarray(pixels[..., 0]).save(tmp_path / f"{number}.png")
        assert np.array_equal(preprocessing.encode(tmp_path / f"{number}.png"), pixels)
        assert np.array_equal(preprocessing.encode(pixels), pixels)


def test_notes_say_what_was_done() -> None:
    notes: list[str] = []
    ImagePreprocessing(3, 4, 4, (0, 0, 0), (1, 1, 1)).encode(Image.new("RGBA", (4, 4)), notes)
    assert notes == ["alpha"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's GOOD, really!", ["it's", "good", "really", "!"]),
        ("很好用,推荐2次", ["很", "好", "用", "推", "荐", "2", "次"]),
        ("mixed中文words", ["mixed", "中", "文", "words"]),
        ("Änderung naïve", ["änderung", "naïve"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_frequent_words_get_low_ids() -> None:
    settings = SimpleNamespace(tokens="word", vocabulary=5, length=4)
    preprocessing = TextPreprocessing.fitted_to(["b b b a a c c d"], settings)
    assert preprocessing.vocabulary == ("b", "a", "c")
    assert preprocessing.inputs == Inputs("text", (4,), 5)
    assert preprocessing.encode("a b nobody").tolist() == [3, 2, 1, 0]
    assert preprocessing.encode("a b c a b c").tolist() == [3, 2, 4, 3]


def test_characters_are_tokens_too() -> None:
    settings = SimpleNamespace(tokens="character", vocabulary=100, length=3)
    preprocessing = TextPreprocessing.fitted_to(["aab"], settings)
    assert preprocessing.encode_all(["ba!x", ""]).tolist() == [[3, 2, 1], [0, 0, 0]]


@pytest.mark.parametrize(("lengths", "length"), [([10] * 99 + [1000], 10), ([2, 3], 8), ([5000] * 10, 400)])
def test_the_length_covers_nearly_all_texts(lengths: list[int], length: int) -> None:
    settings = SimpleNamespace(tokens="word", vocabulary=100, length="auto")
    assert TextPreprocessing.fitted_to(["a " * count for count in lengths], settings).length == length


def test_the_vocabulary_comes_from_training_alone() -> None:
    dataset = open_data({"kind": "samples", "name": "reviews"})
    preprocessing = fit(dataset, SimpleNamespace(tokens="word", vocabulary=100_000, length="auto"))
    assert isinstance(preprocessing, TextPreprocessing)
    known = {word for text in dataset.training.texts() for word in words_of(text)}
    assert set(preprocessing.vocabulary) == known
    encoded = preprocessing.encode_all(dataset.test.texts())
    assert encoded.dtype == np.int32
    assert np.array_equal(encoded[3], preprocessing.encode(dataset.test.texts()[3]))
    assert preprocessing.tensor(torch.from_numpy(encoded)).dtype == torch.int64


def test_preprocessing_survives_a_file() -> None:
    for preprocessing in (
        ImagePreprocessing(3, 8, 9, (0.1, 0.2, 1 / 3), (0.5, 0.25, 1 / 7)),
        TextPreprocessing("word", ("很", "good", "🙂"), 12),
    ):
        assert from_plain(json.loads(json.dumps(preprocessing.to_plain()))) == preprocessing


def test_what_a_prediction_prepared_serves_gradients_too() -> None:
    preprocessing = ImagePreprocessing(1, 2, 2, (0.123,), (0.456,))
    with torch.inference_mode():
        preprocessing.normalised(torch.rand(3, 1, 2, 2))
    images = torch.rand(3, 1, 2, 2, requires_grad=True)
    preprocessing.normalised(images).sum().backward()
    assert images.grad is not None
    assert torch.allclose(images.grad, torch.full_like(images, 1 / 0.456))


def test_marks_stand_for_themselves_and_around_a_text() -> None:
    settings = SimpleNamespace(tokens="word", vocabulary=100, length=6, special=("cls", "sep", "mask"))
    preprocessing = TextPreprocessing.fitted_to(["hello my dog is cute", "hello my cat"], settings)
    assert preprocessing.special == {"padding": 0, "unknown": 1, "cls": 2, "sep": 3, "mask": 4}
    assert preprocessing.frame == ((2,), (3,))
    hello, my, dog = (preprocessing.encode(word)[1] for word in ("hello", "my", "dog"))
    rows = preprocessing.encode_all(["Hello, my [MASK] is cute", "my dog"])
    assert rows.tolist() == [[2, hello, my, 4, preprocessing.encode("is")[1], 3], [2, my, dog, 3, 0, 0]]
    assert [preprocessing.token(place) for place in (4, int(dog))] == ["[MASK]", "dog"]
    assert preprocessing.inputs.vocabulary == 5 + 6
    assert from_plain(json.loads(json.dumps(preprocessing.to_plain()))) == preprocessing
    assert len(preprocessing.stream(["my dog [MASK]"])) == 3


@pytest.mark.parametrize("tokens", ["word", "character", "bpe"])
def test_a_text_that_is_cut_off_says_so(tokens: str) -> None:
    kind = SubwordPreprocessing if tokens == "bpe" else TextPreprocessing
    made = kind.fitted_to(["one two three"] * 3, SimpleNamespace(tokens=tokens, vocabulary=300, length=4))
    fits = "one two three one" if tokens == "word" else "one"
    notes: list[str] = []
    for text in ("", fits):
        made.encode(text, notes)
    assert notes == []
    made.encode(f"{fits} one two three", notes)
    assert notes == ["shortened"]
