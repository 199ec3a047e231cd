"""The lines that start a recipe on several machines are what torchrun and SLURM take."""

import shlex
import subprocess
from pathlib import Path

import pytest
from torch.distributed.run import get_args_parser

from workbench.core.errors import UserError
from workbench.recipe import Recipe, recipe_from
from workbench.training.cluster import HOST, launch_of, run_name


def recipe(*assignments: str) -> Recipe:
    return recipe_from({"data": {"kind": "samples", "name": "digits"}}, assignments)


def test_torchrun_understands_its_line_and_hands_the_rest_on(tmp_path: Path) -> None:
    path, run = tmp_path / "a recipe.toml", tmp_path / "runs" / "it's one"
    line = launch_of(recipe(), path, run, 2, 8, "node-a").torchrun(["training.epochs=3"])
    told = get_args_parser().parse_args(shlex.split(line)[1:])
    assert (told.nnodes, told.nproc_per_node, told.max_restarts) == ("2", "8", 3)
    assert (told.rdzv_backend, told.rdzv_endpoint, told.rdzv_id) == ("c10d", "node-a:29500", "it's one")
    assert told.module
    assert told.training_script == "workbench"
    expected = ["train", str(path), "--run", str(run), "--set", "training.epochs=3"]
    assert told.training_script_args == expected


def test_one_machine_asks_nobody(tmp_path: Path) -> None:
    line = launch_of(recipe("training.processes.restarts=7"), tmp_path / "r.toml", tmp_path / "run", 1, 4).torchrun()
    told = get_args_parser().parse_args(shlex.split(line)[1:])
    assert told.standalone
    assert told.max_restarts == 7
    assert HOST not in line


def test_the_script_is_one_that_a_shell_can_read(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "a run"
    script = launch_of(recipe(), tmp_path / "r.toml", run, 4, 8).slurm()
    assert subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True).returncode == 0
    told = dict(
        line.removeprefix("#SBATCH --").split("=", 1)
        for line in script.splitlines()
        if "#SBATCH" in line and "=" in line
    )
    assert (told["nodes"], told["ntasks-per-node"], told["gpus-per-node"]) == ("4", "1", "8")
    assert told["output"] == f"'{run}.log'"
    assert "#SBATCH --requeue" in script
    assert f"--run '{run}'" in script
    assert "gpus-per-node" not in launch_of(recipe("training.device=cpu"), tmp_path, run, 4, 8).slurm()


def test_the_script_starts_torchrun_on_the_first_machine_of_the_job(tmp_path: Path) -> None:
    """As SLURM would run it, with stand-ins for its commands that say what they were asked."""
    run = tmp_path / "run"
    script = tmp_path / "job.sbatch"
    script.write_text(launch_of(recipe(), tmp_path / "r.toml", run, 2, 3).slurm())
    for name, body in (("scontrol", "printf 'node7\\nnode8\\n'"), ("srun", 'printf "%s\\n" "$@"')):
        (tmp_path / name).write_text(f"#!/bin/bash\n{body}\n")
        (tmp_path / name).chmod(0o755)
    around = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SLURM_JOB_NODELIST": "node[7-8]", "SLURM_JOB_NUM_NODES": "2"}
    around["SLURM_JOB_ID"] = "41234"
    text = script.read_text().replace("source ", "true ")  # which puts its own commands first
    done = subprocess.run(["bash"], input=text, env=around, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert said[:2] == ["--kill-on-bad-exit=1", "torchrun"]
    told = get_args_parser().parse_args(said[2:])
    assert told.rdzv_endpoint == "node7:21234"
    assert (told.nnodes, told.nproc_per_node, told.rdzv_id) == ("2", "3", "41234")
    assert told.training_script_args == ["train", str(tmp_path / "r.toml"), "--run", str(run)]


def test_what_so_many_cannot_share_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="32 processes cannot share a batch of 16"):
        launch_of(recipe("training.batch_size=16"), tmp_path, tmp_path, 4, 8)
    with pytest.raises(UserError, match="at least one machine"):
        launch_of(recipe(), tmp_path, tmp_path, 0, 8)


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("gpu_01.cluster.example", "gpu_01.cluster.example:29500"),
        ("10.0.0.1", "10.0.0.1:29500"),
        ("fd00::1", "'[fd00::1]:29500'"),
        ("[fd00::1]", "'[fd00::1]:29500'"),
    ],
)
def test_the_first_machine_has_a_name_or_an_address(tmp_path: Path, host: str, endpoint: str) -> None:
    assert f"--rdzv-endpoint {endpoint} " in launch_of(recipe(), tmp_path, tmp_path, 2, 1, host).torchrun()


@pytest.mark.parametrize(
    "host", ["node1; rm -rf /", "$(whoami)", "node a", "-x", "node-", "a..b", "node:29500", "300.1.1.1", "fe80::1%eth0"]
)
def test_what_is_neither_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(UserError, match="neither the name nor the address of a machine"):
        launch_of(recipe(), tmp_path, tmp_path, 2, 1, host)


def test_a_run_is_called_by_when_and_what() -> None:
    assert run_name(recipe("architecture.kind=mlp")).endswith("_mlp-digits")
