from typing import Any

from workbench.gui.titles import architecture_title, kind_title, recipe_line, schedule_title, setting_title

CATALOGUE: dict[str, Any] = {
    "architectures": {
        "net": {
            "title": "Network",
            "schema": {
                "properties": {"kind": {}, "widths": {"title": "Widths", "default": [1, 2]}, "drop": {"default": 0.0}}
            },
            "presets": {"Classic": {}, "Wide": {"widths": [9, 9]}, "Deep network": {"widths": [9, 9, 9]}},
        }
    },
    "optimizers": {"sgd": {"title": "SGD", "schema": {"properties": {"rate": {"title": "Learning rate"}}}}},
    "schedules": {"cosine": {"title": "Cosine", "schema": {"properties": {}}}},
    "data": {
        "images": {
            "title": "Folder of images",
            "schema": {
                "properties": {"path": {"title": "Path"}, "changes": {"$ref": "#/$defs/Changes", "title": "Changes"}},
                "$defs": {"Changes": {"properties": {"flip": {"title": "Flip"}}}},
            },
        }
    },
    "training": {"schema": {"properties": {"epochs": {"title": "Epochs"}, "optimizer": {"title": "Optimizer"}}}},
}
RECIPE = {
    "data": {"kind": "images", "path": "/a/cats and dogs", "changes": {"flip": True}},
    "architecture": {"kind": "net"},
    "training": {"epochs": 3, "optimizer": {"kind": "sgd", "rate": 0.1}, "schedule": {"kind": "cosine"}},
}


def test_an_architecture_is_named_first_and_its_preset_only_when_that_says_more():
    assert architecture_title(CATALOGUE, {"kind": "net", "widths": [1, 2]}) == "Network"
    assert architecture_title(CATALOGUE, {"kind": "net", "widths": (9, 9), "drop": 0.0}) == "Network (Wide)"
    assert architecture_title(CATALOGUE, {"kind": "net", "widths": (9, 9), "drop": 0.5}) == "Network"
    assert architecture_title(CATALOGUE, {"kind": "net", "widths": [9, 9, 9]}) == "Deep network"
    assert architecture_title(CATALOGUE, {"kind": "net", "widths": [3]}) == "Network"
    assert architecture_title(CATALOGUE, {"kind": "other"}) == "other"
    assert architecture_title({}, {"kind": "net"}) == "net"


def test_a_recipe_is_named_in_a_line():
    assert recipe_line(CATALOGUE, RECIPE) == "cats and dogs  ·  Network"
    assert recipe_line({}, {}) == ""
    assert schedule_title(CATALOGUE, RECIPE["training"]) == "Cosine"


def test_settings_have_the_titles_of_their_forms():
    expected = {
        "training.epochs": "Epochs",
        "training.optimizer.kind": "Optimizer",
        "training.optimizer.rate": "Learning rate",
        "architecture.kind": "Model",
        "architecture.widths": "Widths",
        "data.kind": "Data",
        "data.path": "Path",
        "data.changes.flip": "Flip",
        "training.unknown": "training.unknown",
        "data.changes.unknown": "data.changes.unknown",
    }
    assert {name: setting_title(CATALOGUE, name, RECIPE) for name in expected} == expected


def test_kinds_have_the_titles_of_their_registries():
    assert kind_title(CATALOGUE, "training.optimizer.kind", "sgd") == "SGD"
    assert kind_title(CATALOGUE, "architecture.kind", "net") == "Network"
    assert kind_title(CATALOGUE, "architecture.kind", "–") == "–"
