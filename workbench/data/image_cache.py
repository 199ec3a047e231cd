"""From files to the cache of decoded images: what size they get, decoding, and closing the gaps of unreadable ones."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap, read_magic, write_array_header_1_0

from workbench.core import images
from workbench.core.errors import UserError
from workbench.core.images import shown
from workbench.core.words import Words, mark, to_plain
from workbench.data import cache, decode_worker
from workbench.data.base import ImageSettings
from workbench.data.dataset import ProgressCallback
from workbench.data.decoding import Outcome, decode, processes_for
from workbench.data.folders import Arrangement
from workbench.data.sources import Source

_LEAST_SIDE, _MOST_SIDE, _STEP = 16, 128, 8  # what "auto" chooses between when images differ in size
_SAMPLED = 64  # images that are looked at to guess what all are like
_TYPICAL_BYTES = 20_000  # of a compressed image
_BLOCK = 1024  # images that are moved at a time


@dataclass(frozen=True)
class _Form:
    channels: int
    height: int
    width: int


def build_cache(
    folder: Path, settings: ImageSettings, source: Source, arranged: Arrangement, progress: ProgressCallback
) -> dict[str, Any]:
    """Decode the arranged images of `source` into `folder` and return the summary of the cache.

    Raises UserError when not one can be read, or the disk is too full.
    """
    work = _Work(folder, source, arranged.rows, progress)
    form, outcome = work.decoded(settings)
    kept = np.ones(len(arranged.rows), bool)
    kept[list(outcome.failed)] = False
    if not kept.any():
        raise _nothing_readable(source, arranged, outcome)
    names = [shown(source.names[int(row)]) for row in arranged.rows]
    skipped = [(item.name, item.reason) for item in arranged.skipped]
    skipped += [(names[row], reason) for row, reason in sorted(outcome.failed.items())]
    measures = np.array(work.measures)[kept]
    work.close()
    for array in ("images.npy", "digests.npy"):
        compact(folder / array, kept)
    np.save(folder / "groups.npy", cache.groups_of_equals(np.load(folder / "digests.npy")))
    np.save(folder / "targets.npy", arranged.targets[kept])
    np.save(folder / "given.npy", arranged.given[kept])
    cache.write_plain(folder / "names.json", [name for name, keep in zip(names, kept.tolist(), strict=True) if keep])
    cache.write_plain(folder / "skipped.json", [[name, to_plain(reason)] for name, reason in skipped])
    sizes, counts = np.unique(measures[:, :2], axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:100]
    grey = int((measures[:, 2] == 1).sum())
    facts = {
        "sizes": [[*sizes[place].tolist(), int(counts[place])] for place in order.tolist()],
        "different_sizes": len(sizes),
        "channels": {"grey": grey, "colour": len(measures) - grey},
        "notes": outcome.notes,
    }
    return {"name": source.name, "classes": list(arranged.classes), "facts": facts, "form": [form.height, form.width]}


class _Work:
    """The arrays of one cache in the making."""

    def __init__(self, folder: Path, source: Source, rows: np.ndarray, progress: ProgressCallback) -> None:
        self.folder, self.source, self.rows, self.progress = folder, source, rows, progress
        self.measures = open_memmap(folder / "measures.npy", "w+", np.int32, (len(rows), 3))
        self._access = source.access(rows, folder)
        self._processes = processes_for(len(rows), len(rows) * _TYPICAL_BYTES)

    def close(self) -> None:
        """Remove what is needed during decoding only."""
        del self.measures
        for name in ("measures.npy", "places.npy", "paths"):
            (self.folder / name).unlink(missing_ok=True)

    def decoded(self, settings: ImageSettings) -> tuple[_Form, Outcome]:
        """Decode everything, once if the sampled images are like all others, else once more in the form that fits."""
        form = self._guess(settings)
        if form is None:
            self._run(None)
            form = self._fitting(settings)
        outcome = self._run(form)
        better = self._fitting(settings)
        if better != form and len(outcome.failed) < len(self.rows):
            form, outcome = better, self._run(better)
        return form, outcome

    def _guess(self, settings: ImageSettings) -> _Form | None:
        """Return the form that the sampled images have in common, or None when they differ or cannot be had alone."""
        if settings.sides() and settings.planes():
            return _form(np.zeros((0, 3), np.int32), settings)
        if self._access["kind"] == "pipe":
            return None
        job = decode_worker.Job(self._plan(None))
        try:
            places = np.unique(np.linspace(0, len(self.rows) - 1, _SAMPLED).astype(np.int64)).tolist()
            for place in places:
                job.done(place, place + 1)
        finally:
            job.close()
        seen = self.measures[places]
        seen = seen[seen[:, 0] > 0]
        if not len(seen) or (settings.sides() is None and (seen[:, :2] != seen[0, :2]).any()):
            return None
        return _form(seen, settings)

    def _fitting(self, settings: ImageSettings) -> _Form:
        return _form(self.measures[self.measures[:, 0] > 0], settings)

    def _plan(self, form: _Form | None) -> dict[str, Any]:
        plan = {"measures": str(self.folder / "measures.npy"), "access": self._access}
        if form is None:
            return {**plan, "channels": 0, "height": 0, "width": 0, "images": "", "digests": ""}
        arrays = {name: str(self.folder / f"{name}.npy") for name in ("images", "digests")}
        return {**plan, "channels": form.channels, "height": form.height, "width": form.width, **arrays}

    def _run(self, form: _Form | None) -> Outcome:
        """Measure all images (form: None), or decode them."""
        count = len(self.rows)
        self.measures[:] = 0
        if form is not None:
            cache.require_space(self.folder, count * form.height * form.width * form.channels)
            shape = (count, form.height, form.width, form.channels)
            cache.reserve(self.folder / "images.npy", np.uint8, shape)
            cache.reserve(self.folder / "digests.npy", np.uint64, (count, 2))
        stage = Words("Looking at the images") if form is None else Words("Decoding images")
        stream = self.source.stream(self.rows)
        return decode(self._plan(form), count, stream, self.progress, stage=stage, processes=self._processes)


def _form(measures: np.ndarray, settings: ImageSettings) -> _Form:
    """Return the form all images are brought to: as set, else what they have in common, else what is typical of them.

    Where sizes differ, that is the middle one of the heights and of the widths, in steps of 8 between 16 and 128.
    """
    channels = settings.planes() or (3 if (measures[:, 2] == 3).any() else 1)
    sides = settings.sides()
    if sides is None and len(measures):
        height, width = measures[0, :2].tolist()
        if (measures[:, :2] != measures[0, :2]).any() or max(height, width) > images.LARGEST_SIDE:
            middle = np.median(measures[:, :2], axis=0)
            scale = min(1.0, _MOST_SIDE / middle.max())
            steps = np.round(middle * scale / _STEP).astype(int) * _STEP
            height, width = np.clip(steps, _LEAST_SIDE, _MOST_SIDE).tolist()
        sides = (height, width)
    return _Form(channels, *(sides or (_STEP, _STEP)))


def compact(path: Path, kept: np.ndarray) -> None:
    """Remove the rows that are not kept from an array in a file, in place: the others move up."""
    if kept.all():
        return
    values = np.load(path, mmap_mode="r+")
    rows = np.flatnonzero(kept)
    for begin in range(0, len(rows), _BLOCK):
        block = rows[begin : begin + _BLOCK]
        values[begin : begin + len(block)] = values[block]  # never overtakes: rows only move towards the start
    values.flush()
    shape, dtype, offset = (len(rows), *values.shape[1:]), values.dtype, values.offset
    del values
    with path.open("r+b") as file:
        read_magic(file)
        file.seek(0)
        write_array_header_1_0(file, {"descr": dtype.str, "fortran_order": False, "shape": shape})
        if file.tell() != offset:
            raise RuntimeError("the header of an array changed its length")
        file.truncate(offset + int(np.prod(shape)) * dtype.itemsize)


def _nothing_readable(source: Source, arranged: Arrangement, outcome: Outcome) -> UserError:
    row, reason = next(iter(sorted(outcome.failed.items())))
    return UserError(
        "Not one of the {count} images in {name} could be read. The first is {file}: {reason}",
        hint=mark("Choose other images: PNG, JPEG, WebP, BMP, TIFF or GIF."),
        count=f"{len(arranged.rows):,}",
        name=source.name,
        file=shown(source.names[int(arranged.rows[row])]),
        reason=reason,
    )
