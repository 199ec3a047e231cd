import json
import re
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from workbench.core.errors import UserError
from workbench.core.run_folder import RunFolder
from workbench.data import Dataset, open_data
from workbench.data.preprocessing import fit
from workbench.inference import decoding_ahead
from workbench.inference.inputs import items_of
from workbench.inference.predictor import Item, Predictor
from workbench.recipe import read_recipe


def dataset_of(run: RunFolder) -> Dataset:
    return open_data(read_recipe(run.recipe).data)


def write_images(images: np.ndarray, folder: Path) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{number:04}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image[:, :, 0]).save(path)
    return paths


def test_files_of_validation_images_are_labelled_as_in_validation(digits_run: RunFolder, tmp_path: Path) -> None:
    split = dataset_of(digits_run).validation
    predictor = Predictor.of_run(digits_run)
    write_images(split.rows(), tmp_path / "images")

    found = predictor.predict(items_of([tmp_path / "images"], "image"), top=10, batch_size=7)

    right = [guess.answer["label"] == str(target) for guess, target in zip(found, split.targets, strict=True)]
    assert np.mean(right) == pytest.approx(predictor.model.description["metrics"]["validation_accuracy"], abs=1e-12)
    whole = torch.softmax(predictor.logits(split.rows()), dim=1).numpy()
    scores = np.array([[{g["label"]: g["score"] for g in p.answer["top"]}[str(n)] for n in range(10)] for p in found])
    assert np.abs(scores - whole).max() < 1e-5


def test_scores_are_those_of_the_weights_computed_by_hand(digits_run: RunFolder) -> None:
    image = dataset_of(digits_run).test.rows(np.array([3]))
    predictor = Predictor.of_run(digits_run)
    weights = load_file(predictor.model.folder / "model.safetensors")
    plain = predictor.model.preprocessing
    signal = (torch.from_numpy(image).permute(0, 3, 1, 2).float() / 255 - plain["mean"][0]) / plain["std"][0]
    for layer in ("features.0", "features.3"):
        signal = torch.nn.functional.conv2d(signal, weights[f"{layer}.weight"], weights[f"{layer}.bias"], padding=1)
        signal = torch.nn.functional.max_pool2d(torch.relu(signal), 2)
    dense = [
        name.removesuffix(".weight") for name in weights if name.startswith("classifier") and name.endswith(".weight")
    ]
    signal = signal.flatten(1)
    for number, layer in enumerate(sorted(dense)):
        signal = torch.relu(signal) if number else signal
        signal = torch.nn.functional.linear(signal, weights[f"{layer}.weight"], weights[f"{layer}.bias"])

    prediction = predictor.predict([Item("three", Image.fromarray(image[0, :, :, 0]))])[0]

    expected = torch.softmax(signal, dim=1)[0]
    assert prediction.answer["score"] == pytest.approx(float(expected.max()), abs=1e-5)
    assert prediction.answer["label"] == str(int(expected.argmax()))


def test_every_kind_of_input_gives_the_same_answer(digits_run: RunFolder, tmp_path: Path) -> None:
    pixels = dataset_of(digits_run).test.rows(np.array([0]))
    path = write_images(pixels, tmp_path / "one")[0]
    raws = [path, path.read_bytes(), Image.open(path)]

    found = Predictor.of_run(digits_run).predict([Item(str(number), raw) for number, raw in enumerate(raws)])

    assert len({round(prediction.answer["score"], 5) for prediction in found}) == 1
    assert [prediction.input for prediction in found] == ["0", "1", "2"]
    assert all(prediction.seconds > 0 for prediction in found)


def test_what_cannot_be_read_stops_nothing(digits_run: RunFolder, tmp_path: Path) -> None:
    good = write_images(dataset_of(digits_run).test.rows(np.array([0, 1])), tmp_path / "images")
    bad = tmp_path / "note.png"
    bad.write_text("not an image", encoding="utf-8")

    found = Predictor.of_run(digits_run).predict([Item(path.name, path) for path in (good[0], bad, good[1])])

    assert [prediction.error is None for prediction in found] == [True, False, True]
    plain = found[1].to_plain()
    assert plain["label"] == ""
    assert plain["top"] == []
    assert "image" in str(plain["error"])
    [alone] = Predictor.of_run(digits_run).predict([Item("alone", good[1])])
    assert found[2].answer["label"] == alone.answer["label"]
    assert found[2].answer["score"] == pytest.approx(alone.answer["score"], abs=1e-5)


def test_a_folder_is_decoded_ahead_and_answered_in_order(digits_run: RunFolder, tmp_path: Path) -> None:
    paths = write_images(dataset_of(digits_run).test.rows(np.arange(23)), tmp_path / "images")
    paths[5].write_text("not an image", encoding="utf-8")
    items = [Item(path.name, path) for path in paths]
    predictor = Predictor.of_run(digits_run)
    done: list[int] = []

    found = list(predictor.predictions(iter(items), batch_size=10, before=done.append))

    assert done == [0, 10, 20, 23]
    assert [prediction.input for prediction in found] == [path.name for path in paths]
    assert [number for number, prediction in enumerate(found) if prediction.error] == [5]
    alone = [predictor.predict([item])[0].answer.get("label") for item in items]
    assert [prediction.answer.get("label") for prediction in found] == alone


@pytest.mark.parametrize("size", [1, 3, 64])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 40])
def test_whatever_is_made_ahead_keeps_its_order(count: int, size: int) -> None:
    places: list[str] = []

    def made(number: int) -> int:
        places.append(threading.current_thread().name)
        return -number

    found = list(decoding_ahead.batches(range(count), size, made, ahead=lambda number: number % 3 > 0))

    assert [number for batch, _ in found for number in batch] == list(range(count))
    assert [number for _, results in found for number in results] == [-number for number in range(count)]
    assert max((len(batch) for batch, _ in found), default=0) <= size
    elsewhere = sum(name.startswith("decoding") for name in places)
    assert elsewhere == (sum(number % 3 > 0 for number in range(count)) if count > 4 else 0)


def test_who_listens_may_end_a_long_prediction(digits_run: RunFolder, tmp_path: Path) -> None:
    paths = write_images(dataset_of(digits_run).test.rows(np.arange(20)), tmp_path / "images")

    def heard(done: int) -> None:
        if done == 10:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        list(
            Predictor.of_run(digits_run).predictions(
                [Item(path.name, path) for path in paths], batch_size=5, before=heard
            )
        )
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decoding")]


def test_photographs_are_decoded_as_in_training(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "photographs" / label).mkdir(parents=True)
        for number in range(3):
            rough = Image.fromarray(random.integers(0, 256, (9, 16, 3), dtype=np.uint8)).resize((640, 360))
            rough.save(tmp_path / "photographs" / label / f"{number}.jpg", quality=90)
    data = open_data({"kind": "image_folder", "path": str(tmp_path / "photographs"), "size": "64"})
    preprocessing = fit(data)
    for split in data.splits.values():
        for name, pixels in zip(split.names, split.rows(), strict=True):
            [path] = (tmp_path / "photographs").rglob("*" + str(name).split("photographs")[-1].lstrip("/"))
            assert np.array_equal(preprocessing.encode(path), pixels)


def test_a_text_is_no_image(digits_run: RunFolder) -> None:
    [prediction] = Predictor.of_run(digits_run).predict([Item("typed", "a seven")])
    assert str(prediction.error) == "This model does not read texts."


def test_an_inverted_image_is_noticed_and_can_be_turned(digits_run: RunFolder) -> None:
    pixels = dataset_of(digits_run).test.rows(np.array([2]))[0]
    usual, inverted = (Image.fromarray(image[:, :, 0]) for image in (pixels, 255 - pixels))
    predictor = Predictor.of_run(digits_run)

    [seen] = predictor.predict([Item("usual", usual)])
    [noted] = predictor.predict([Item("inverted", inverted)])
    [turned] = predictor.predict([Item("turned", inverted)], invert=True)

    assert seen.notes == ()
    assert "dark on light" in str(noted.notes[0])
    assert turned.notes == ()
    assert turned.answer == seen.answer
    assert (predictor.seen(inverted, invert=True) == pixels).all()


def test_a_picture_is_seen_in_the_size_and_colours_of_training(digits_run: RunFolder) -> None:
    assert Predictor.of_run(digits_run).seen(Image.new("RGB", (100, 40), "white")).shape == (8, 8, 1)


def test_texts_are_typed_or_read(texts_run: RunFolder, tmp_path: Path) -> None:
    predictor = Predictor.of_run(texts_run)
    typed = "Number 77 broke at once and smells bad"
    file = tmp_path / "text.txt"
    file.write_bytes(("\ufeff" + typed + "\n").encode("utf-16-le"))
    (tmp_path / "empty.txt").write_text("  \n", encoding="utf-8")

    items = [Item("typed", typed), *items_of([file, tmp_path / "empty.txt"], "text")]
    found = predictor.predict(items, top=1)

    assert found[0].answer["label"] == "negative"
    assert found[1].answer == found[0].answer
    assert "empty" in str(found[2].error)
    with pytest.raises(UserError, match="Only images"):
        predictor.seen(typed)


def test_a_run_without_a_model_says_so(tmp_path: Path) -> None:
    (tmp_path / "asked.toml").touch()
    with pytest.raises(UserError, match="has no model yet"):
        Predictor.of_run(RunFolder(tmp_path))


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_a_model_that_was_changed_is_refused(digits_run: RunFolder, tmp_path: Path, name: str) -> None:
    best = digits_run.best_model()
    assert best
    copy = shutil.copytree(best, tmp_path / best.name)
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is not what was written"):
        Predictor(copy)


def test_weights_of_another_network_are_refused(digits_run: RunFolder, tmp_path: Path) -> None:
    from workbench.core.sealed import write_sealed

    best = digits_run.best_model()
    assert best
    other = json.loads((best / "model.json").read_text(encoding="utf-8"))
    other["architecture"]["widths"] = [5, 8]

    def fill(place: Path) -> None:
        shutil.copy(best / "model.safetensors", place)
        (place / "model.json").write_text(json.dumps(other), encoding="utf-8")

    write_sealed(tmp_path / "other", fill)
    with pytest.raises(UserError, match="cannot be used") as caught:
        Predictor(tmp_path / "other")
    assert re.search(r"[0-9×]+ is needed, [0-9×]+ is there", caught.value.details)


def test_loading_a_model_leaves_the_random_numbers_alone(digits_run: RunFolder) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    Predictor.of_run(digits_run)
    assert torch.equal(torch.rand(4), expected)


def test_a_model_that_training_replaces_meanwhile_is_no_trouble(
    digits_run: RunFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    best = digits_run.best_model()
    places = iter([tmp_path / "gone", best])
    monkeypatch.setattr("workbench.inference.predictor.model_of", lambda run: next(places))
    assert Predictor.of_run(digits_run).model.folder == best
