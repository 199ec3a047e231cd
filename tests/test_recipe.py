"""What cannot work cannot be started: rules between the parts of a recipe."""

from pathlib import Path
from typing import Any

import pytest

from workbench.core.errors import UserError
from workbench.recipe import posed_by, read_recipe, recipe_from, task_of, title_of, to_toml

RECONSTRUCTION = ("data.task=reconstruction",)


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (("data.augmentation.mixup=0.2", *RECONSTRUCTION), "Mixup and CutMix blend classes"),
        (("data.augmentation.cutmix=1.0", *RECONSTRUCTION), "Mixup and CutMix blend classes"),
        (("training.label_smoothing=0.1", *RECONSTRUCTION), "Label smoothing is for classes"),
        (("training.class_weights=balanced", *RECONSTRUCTION), "Class weights are for one class"),
        (("training.loss=mae",), "This loss is for numbers"),
        (("architecture.kind=autoencoder", "data.task=classification"), "Cannot be trained for this task"),
        (("architecture.kind=textcnn",), "Takes texts, and these are images"),
        (("data.name=reviews", "architecture.kind=convnet"), "Takes images, and these are texts"),
    ],
)
def test_what_means_nothing_is_refused(assignments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        recipe_from({}, assignments)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("plain", "architecture", "task"),
    [
        ({}, "convnet", "classification"),
        ({"data": {"task": "reconstruction"}}, "autoencoder", "reconstruction"),
        ({"architecture": {"kind": "autoencoder"}}, "autoencoder", "reconstruction"),
        ({"data": {"name": "reviews"}}, "textcnn", "classification"),
        ({"data": {"name": "reviews", "task": "masked_token"}}, "bert", "masked_token"),
    ],
)
def test_data_and_architecture_agree_on_a_task(plain: dict[str, Any], architecture: str, task: str) -> None:
    recipe = recipe_from(plain)
    assert recipe.architecture.model_dump()["kind"] == architecture
    assert task_of(recipe) == task
    assert task in posed_by(recipe.data)


def test_a_sample_keeps_its_name_in_a_file(tmp_path: Path) -> None:
    data = {"kind": "text_table", "path": "sample:reviews/reviews.csv"}
    (tmp_path / "recipe.toml").write_text(to_toml(recipe_from({"data": data})))
    recipe = read_recipe(tmp_path / "recipe.toml")
    assert recipe.data.model_dump()["path"] == data["path"]
    assert title_of(recipe) == "textcnn-reviews"
