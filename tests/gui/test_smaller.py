"""Settings of runs that make a smaller model of another run."""

from workbench.core.settings import overridden
from workbench.gui.smaller import own, pruned, taught
from workbench.recipe import recipe_from

RECIPE = {
    "data": {"kind": "samples", "name": "digits"},
    "architecture": {"kind": "mlp", "hidden": [8]},
    "training": {
        "epochs": 20, "start_from": "x", "freeze": "a", "optimizer": {"kind": "adamw", "learning_rate": 0.01}
    },
}  # fmt: skip


def test_pruning_begins_with_the_weights_and_goes_gently():
    lent = pruned(RECIPE, "/runs/a", 0.3, 4)
    assert (lent["start_from"], lent["freeze"], lent["epochs"]) == ("/runs/a", "a", 4)
    assert (lent["optimizer"], lent["pruning"]) == ({"learning_rate": 0.003}, {"share": 0.3})
    recipe_from(overridden(RECIPE, ["training.pruning.share=0.3"]))


def test_a_student_begins_with_fresh_weights():
    assert taught("/runs/a") == {"teacher": "/runs/a", "start_from": "", "freeze": "none"}


def test_what_a_run_has_of_others_is_not_its_own():
    assert own(RECIPE)["training"] == {"epochs": 20, "optimizer": RECIPE["training"]["optimizer"]}
    assert own(RECIPE)["data"] == RECIPE["data"]
