"""Settings: what there is to set, whether a recipe is right, and recipes as files."""

from pathlib import Path
from typing import Any

from workbench import recipe as recipes
from workbench.architectures import architectures
from workbench.core import paths
from workbench.core.files import unwritable, write_atomically
from workbench.core.registry import Registry
from workbench.data import kinds
from workbench.metrics import metrics
from workbench.optimizers import optimizers
from workbench.schedules import factor, schedules

_CURVE_POINTS = 400


def catalogue() -> dict[str, Any]:
    """Return every registered thing by section and kind: title, summary and the JSON schema of its settings."""
    found = _described(architectures)
    for kind, plain in found.items():
        entry = architectures[kind]
        presets = {name: dict(values) for name, values in entry.presets.items()}
        plain.update(inputs=list(entry.inputs), tasks=list(entry.tasks), paper=entry.paper, presets=presets)
        plain["picture"] = list(entry.picture)
    courses = _described(schedules)
    for kind, plain in courses.items():
        plain["reacts"] = schedules[kind].reacts
    return {
        "data": _described(kinds),
        "architectures": found,
        "optimizers": _described(optimizers),
        "schedules": courses,
        "metrics": {
            name: {"title": metric.title, "better": metric.better, "percent": metric.percent}
            for name, metric in metrics.items()
        },
        "training": {"schema": recipes.Training.model_json_schema()},
    }


def check(recipe: dict[str, Any], network: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the recipe with every default written out; raises UserError when something in it cannot be.

    network: the arguments of model.layers, where the data are known: then layers are looked for in it, too.
    """
    complete = recipes.recipe_from(recipe)
    if network and complete.training.freeze != "none":
        from workbench.engine.start import require_layer  # few checks need a network, and what builds it

        require_layer(network, complete.training.freeze)
    return {"recipe": recipes.to_plain(complete)}


def defaults(data: dict[str, Any]) -> dict[str, Any]:
    """Return the complete recipe to begin with for these data: the best architecture, and settings that suit them.

    What comes with the program has recipes that were tried out, in resources/recipes/.
    """
    plain = check({"data": data})
    chosen = plain["recipe"]["data"]
    tried = paths.resources() / "recipes" / f"{chosen.get('name', '')}.toml"
    if chosen["kind"] != "samples" or not tried.is_file():
        return plain
    return check({**read(str(tried))["recipe"], "data": data})


def read(path: str) -> dict[str, Any]:
    """Return the complete recipe of a TOML file; a relative path in it becomes absolute."""
    return {"recipe": recipes.to_plain(recipes.read_recipe(Path(path)))}


def toml(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return the recipe as TOML."""
    return {"toml": recipes.to_toml(recipes.recipe_from(recipe))}


def write(recipe: dict[str, Any], path: str) -> dict[str, Any]:
    """Write the recipe to a TOML file and return its path."""
    try:
        write_atomically(Path(path), toml(recipe)["toml"])
    except OSError as error:
        raise unwritable(Path(path), error) from error
    return {"path": path}


def learning_rates(recipe: dict[str, Any], steps: int) -> dict[str, Any]:
    """Return the learning rate over a run of so many steps, at no more than a few hundred of them.

    A schedule that answers to a metric is drawn as if the metric never stalled.
    """
    training = recipes.recipe_from(recipe).training
    total = max(1, int(steps))
    points = sorted({round(n * (total - 1) / (_CURVE_POINTS - 1)) for n in range(_CURVE_POINTS)})
    rate = training.optimizer.learning_rate
    return {"steps": points, "values": [rate * factor(training.schedule, step, total) for step in points]}


def _described(registry: Registry[Any]) -> dict[str, dict[str, Any]]:
    return {
        kind: {"title": entry.title, "summary": entry.summary, "schema": entry.settings.model_json_schema()}
        for kind, entry in registry.items()
    }
