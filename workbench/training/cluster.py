"""The lines that start a recipe on several machines: `torchrun` on each of them, or a script for SLURM."""

import ipaddress
import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from workbench.core.errors import UserError
from workbench.core.files import unwritable, write_atomically
from workbench.recipe import Recipe, recipe_from, title_of, to_plain

HOST = "FIRST-MACHINE"  # what stands where nobody knows yet which machine is the first
_PORT = 29_500  # where the first machine is asked; torchrun's own choice
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)  # of a name, between its dots
_LONGEST = 253  # of all its letters


@dataclass(frozen=True)
class Launch:
    """How a recipe is started: on so many machines, with so many processes on each.

    recipe, run: files that all machines see. gpus: whether each process has one. cores: for each process. hours: that
    SLURM gives it. restarts: after the death of a process.
    """

    recipe: Path
    run: Path
    machines: int
    processes: int
    gpus: bool
    restarts: int
    host: str = HOST
    cores: int = 4
    hours: int = 24

    def torchrun(self, assignments: Sequence[str] = ()) -> str:
        """Return the line to say on each machine; with --run a restart goes on with the same run."""
        if self.machines == 1:
            where = ["--standalone"]
        else:
            place = f"[{self.host}]:{_PORT}" if ":" in self.host else f"{self.host}:{_PORT}"
            endpoint = ["--rdzv-endpoint", shlex.quote(place), "--rdzv-id", shlex.quote(self.run.name)]
            where = ["--nnodes", str(self.machines), "--rdzv-backend", "c10d", *endpoint]
        return " ".join(["torchrun", *where, *self._processes(), *self._training(assignments)])

    def slurm(self, assignments: Sequence[str] = ()) -> str:
        """Return a script for sbatch; asked to end, the run is saved, and a job that is put back goes on with it."""
        log = shlex.quote(f"{self.run}.log")
        wanted = [
            f"--job-name={shlex.quote(self.run.name)}",
            f"--nodes={self.machines}",
            "--ntasks-per-node=1",
            *([f"--gpus-per-node={self.processes}"] if self.gpus else []),
            f"--cpus-per-task={self.processes * self.cores}",
            f"--time={self.hours}:00:00",
            "--signal=TERM@120",
            "--requeue",
            "--open-mode=append",
            f"--output={log}",
        ]
        activate = Path(sys.prefix) / "bin" / "activate"
        lines = [
            "#!/bin/bash",
            *(f"#SBATCH {line}" for line in wanted),
            "",
            "set -euo pipefail",
            *([f"source {shlex.quote(str(activate))}"] if activate.is_file() else []),
            'first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | sed -n 1p)',  # head would end before scontrol does
            "srun --kill-on-bad-exit=1 torchrun \\",
            '  --nnodes "$SLURM_JOB_NUM_NODES" --rdzv-backend c10d --rdzv-id "$SLURM_JOB_ID" \\',
            '  --rdzv-endpoint "$first:$((20000 + SLURM_JOB_ID % 20000))" \\',
            f"  {' '.join(self._processes())} \\",
            f"  {' '.join(self._training(assignments))}",
        ]
        return "\n".join(lines) + "\n"

    def _processes(self) -> Sequence[str]:
        return "--nproc-per-node", str(self.processes), "--max-restarts", str(self.restarts)

    def _training(self, assignments: Sequence[str]) -> Sequence[str]:
        """Return what each process does; without the two dashes torchrun reads --run as an option of its own."""
        files = [shlex.quote(str(path)) for path in (self.recipe, self.run)]
        chosen = [part for assignment in assignments for part in ("--set", shlex.quote(assignment))]
        return "-m", "--", "workbench", "train", files[0], "--run", files[1], *chosen


def launch_of(recipe: Recipe, path: Path, run: Path, machines: int, processes: int, host: str = "") -> Launch:
    """Return how this recipe, which lies at `path`, is started.

    host: name or address of the first machine, "" where nobody knows it yet. Raises UserError when so many cannot
    share it, or for a host that is neither.
    """
    plain = to_plain(recipe)
    assignments = [f"training.processes.count={machines * processes}"] if machines * processes > 1 else []
    training = recipe_from(plain, assignments).training
    if machines < 1 or processes < 1:
        raise UserError("A training needs at least one machine and one process.", hint="Give numbers from 1 on.")
    gpus = training.device != "cpu"
    return Launch(path, run, machines, processes, gpus, training.processes.restarts, _machine(host) if host else HOST)


def run_name(recipe: Recipe) -> str:
    """Return a name for a new run of this recipe, which says when and what."""
    return f"{datetime.now():%Y-%m-%d_%H%M%S}_{title_of(recipe)}"


def _machine(text: str) -> str:
    """Return the name or address of a machine, of IPv6 without brackets; raises UserError for anything else."""
    address = text.removeprefix("[").removesuffix("]")
    try:
        if "%" not in address:  # torchrun takes no zone
            return str(ipaddress.ip_address(address))
    except ValueError:
        labels = text.removesuffix(".").split(".")
        if len(text) <= _LONGEST and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit():
            return text
    raise UserError(
        "{host} is neither the name nor the address of a machine.",
        hint="Give a name such as node-1, or an address such as 10.0.0.1 or fd00::1, without a port.",
        host=text,
    )


def write_script(text: str, path: Path) -> None:
    """Write a script; raises UserError when that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    except OSError as error:
        raise unwritable(path, error) from error
