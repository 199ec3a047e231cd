"""Recipes of runs that make a smaller model of another run."""

from workbench.gui.smaller import pruned, taught
from workbench.recipe import recipe_from

RECIPE = {
    "data": {"kind": "samples", "name": "digits"},
    "architecture": {"kind": "mlp", "hidden": [8]},
    "training": {"epochs": 20, "start_from": "x", "optimizer": {"kind": "adamw", "learning_rate": 0.01}},
}


def test_pruning_begins_with_the_weights_and_goes_gently():
    recipe = recipe_from(pruned(RECIPE, "/runs/a", 0.3, 4))
    training = recipe.training
    assert (training.start_from, training.epochs, training.pruning.share) == ("/runs/a", 4, 0.3)
    assert training.optimizer.learning_rate == 0.003
    assert RECIPE["training"]["epochs"] == 20


def test_a_student_begins_with_fresh_weights():
    recipe = recipe_from(taught(RECIPE, "/runs/a"))
    assert (recipe.training.teacher, recipe.training.start_from) == ("/runs/a", "")
