"""Every text that a person reads can be translated, and is."""

from pathlib import Path

import pytest

from tests import translations


def written(folder: Path, source: str) -> Path:
    (folder / "module.py").write_text(source, encoding="utf-8")
    return folder


def test_the_catalogue_is_complete():
    entries = translations.catalogue()
    missing = {
        template: str(place) for template, place in translations.templates().items() if not entries.get(template)
    }
    assert not missing, "python -m tests.translations --missing lists them"


def test_the_catalogue_has_nothing_that_nobody_says():
    assert not translations.catalogue().keys() - translations.templates().keys()


def test_translations_take_the_same_values():
    different = {
        template: translation
        for template, translation in translations.catalogue().items()
        if translations.placeholders(template) != translations.placeholders(translation)
    }
    assert not different


def test_templates_are_literals():
    assert not [str(place) for place in translations.unreadable()], "no f-strings and no + inside marks"


def test_the_window_shows_nothing_that_cannot_be_translated():
    assert not [f"{place} {text}" for place, text in translations.unwrapped()]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('tr("Open {name}", name=name)', ["Open {name}"]),
        ('words.tr("One" if one else "Other")', ["One", "Other"]),
        ('plural(n, "{count} image", "{count} images")', ["{count} image", "{count} images"]),
        ('UserError("No {name}.", hint="Look "\n "again.")', ["Look again.", "No {name}."]),
        ('Hint(unit="px", choices={"none": "None", "layer": mark("Layer")})', ["Layer", "None", "px"]),
        ('register("mlp", title="MLP", inputs=("image",))', ["MLP"]),
        ('tr(template); tr("{count}"); tr(""); print("not for translation")', []),
    ],
)
def test_texts_are_found(tmp_path: Path, source: str, found: list[str]):
    assert sorted(translations.templates(written(tmp_path, source))) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('QLabel("Loss")', ["Loss"]),
        ('QLabel(tr("Loss")); button.setObjectName("train.start"); label.setText("")', []),
        ('label.setText(f"{count} images")', [" images"]),
        ('box.addItem(tr("Auto"), "auto"); box.addItem("Auto", value)', ["Auto"]),
        ('plot.setLabel("left", "Loss")', ["Loss"]),
        ('self.setWindowTitle("Workbench"); label.setText("→ 100 %")', []),
        ('table.setHorizontalHeaderLabels(["Name", tr("Kind")])', ["Name"]),
    ],
)
def test_texts_without_translation_are_found(tmp_path: Path, source: str, found: list[str]):
    assert [text for _, text in translations.unwrapped(written(tmp_path, source))] == found


def test_templates_that_are_put_together_are_found(tmp_path: Path):
    assert translations.unreadable(written(tmp_path, 'tr(f"Open {name}")')) != []
    assert translations.unreadable(written(tmp_path, 'UserError("Open " + name)')) != []
    assert translations.unreadable(written(tmp_path, "tr(first + second)")) == []
