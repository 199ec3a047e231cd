"""Starting a recipe on several machines: the lines to say there, and the files that they need."""

from pathlib import Path
from typing import Any

from workbench.core.errors import UserError
from workbench.recipe import recipe_from, to_toml
from workbench.training.cluster import launch_of, run_name, write_script


def name(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a name for a new run of this recipe."""
    return {"name": run_name(recipe_from(recipe))}


def lines(
    recipe: dict[str, Any], folder: str, name: str, machines: int, processes: int, host: str = ""
) -> dict[str, Any]:
    """Return torchrun, the line to say on each machine, slurm, a script for sbatch, and where recipe and run lie.

    folder: that all machines see, by its whole path; name: of the run in it. Raises UserError when it is no such path,
    or as workbench.training.cluster.launch_of does.
    """
    place = Path(folder.strip()).expanduser()
    if not place.is_absolute():  # where this process works has no meaning to who typed it
        raise UserError(
            "No folder is chosen that all machines see.", hint="Choose one, or type its whole path, from the root on."
        )
    path, run = place / f"{name}.toml", place / name
    launch = launch_of(recipe_from(recipe), path, run, machines, processes, host)
    return {"torchrun": launch.torchrun(), "slurm": launch.slurm(), "recipe": str(path), "run": str(run)}


def write(
    recipe: dict[str, Any], folder: str, name: str, machines: int, processes: int, host: str = ""
) -> dict[str, Any]:
    """Write the recipe and the script for sbatch into the folder, and return what `lines` does, and the script's path.

    Raises UserError when the folder cannot be written to.
    """
    found = lines(recipe, folder, name, machines, processes, host)
    script = Path(found["recipe"]).with_suffix(".sbatch")
    write_script(to_toml(recipe_from(recipe)), Path(found["recipe"]))
    write_script(found["slurm"], script)
    return {**found, "script": str(script)}
