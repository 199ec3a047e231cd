"""Joins the Runs page with the list of runs: searching, noting, comparing, deleting and bringing back."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.core.errors import UserError
from workbench.core.run_reader import LIVE, whole_history
from workbench.core.run_summary import RunSummary, asked_of, recipe_of
from workbench.core.words import from_plain, plural, tr
from workbench.gui import figures
from workbench.gui.current_job import CurrentJob
from workbench.gui.pages.runs import RunsPage
from workbench.gui.pages.runs_compare import MOST
from workbench.gui.run_list import RunList
from workbench.gui.widgets.banner import Banner


class RunsDesk(QObject):
    """Lives as long as its page."""

    recipe_requested = Signal(object)  # the recipe of a run, for a new one
    gone = Signal(str)  # name of a run that was deleted
    undo_offered = Signal(str, object)  # text, token for `bring_back`
    models_changed = Signal(object)  # runs that have a model, as ModelChooser wants them
    failed = Signal(object)  # UserError

    def __init__(self, page: RunsPage, runs: RunList, jobs: Any) -> None:
        super().__init__(page)
        self._verifying = CurrentJob(jobs, self)
        self._verifying.progressed.connect(lambda stage, *_: page.show_verifying(stage))
        self._verifying.answered.connect(self._show_verdict)
        self._verifying.failed.connect(lambda error: page.show_verdict(Banner.of_error(error)))
        self._benching = CurrentJob(jobs, self)
        self._benching.progressed.connect(page.bench.show_progress)
        self._benching.answered.connect(page.bench.show_result)
        self._benching.failed.connect(self._tell_not_compared)
        page.bench.failed.connect(self.failed)
        page.bench_wanted.connect(lambda names: self.bench([str(runs.folder(name).path) for name in names[::-1]]))
        page.bench_closed.connect(self._benching.cancel)
        page.verified.connect(self._verify)
        page.verifying_cancelled.connect(self.stop)
        self.page, self.runs = page, runs
        self._search = ""
        self._metrics: Mapping[str, Any] = {}
        runs.changed.connect(self.show_runs)
        page.searched.connect(self._find)
        page.compare_wanted.connect(self._compare)
        page.recipe_requested.connect(lambda name: self.recipe_requested.emit(asked_of(runs.folder(name))))
        page.noted.connect(self._note)
        page.deleted.connect(self.delete)
        self.show_runs(runs.rows())

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take what metrics, architectures and settings are called."""
        self._metrics = catalogue["metrics"]
        self.page.set_catalogue(catalogue)
        self.show_runs(self.runs.rows())

    def show_runs(self, rows: Sequence[RunSummary]) -> None:
        """Show these runs, newest first."""
        self.page.set_runs([row.to_plain() for row in rows])
        if self._search:
            self._find(self._search)
        self.models_changed.emit([model_row(row, self._metrics) for row in rows if row.has_model])
        live = [row["name"] for row in self.page.chosen() if row["state"] in LIVE]
        if live and self.page.isVisible():
            self._compare([row["name"] for row in self.page.chosen()])

    def bench(self, paths: Sequence[str]) -> None:
        """Hold the runs in these folders against each other on the test set of the first."""
        self.page.clear_banners()
        self.page.bench.show_nothing()
        self.page.bench.show_progress("")
        self.page.show_bench(True)
        self._benching.start("comparing.compare", {"runs": list(paths)[:MOST]})

    def _tell_not_compared(self, error: UserError) -> None:
        self.page.show_bench(False)
        self.page.show_banner(Banner.of_error(error)).set_closable(True)

    def delete(self, names: Sequence[str]) -> None:
        """Move these runs to the trash and offer to bring them back."""
        titles = [row.shown for name in names if (row := self.runs.row(name))]
        try:
            places = self.runs.discard(names)
        except UserError as error:
            self.failed.emit(error)
            return
        for name in names:
            self.gone.emit(name)
        text = plural(len(places), "Deleted {name}.", "Deleted {count} runs.", name=titles[0] if titles else "")
        self.undo_offered.emit(text, places)

    def bring_back(self, places: Any) -> None:
        """Take back what `undo_offered` told of."""
        try:
            self.runs.bring_back(places)
        except UserError as error:
            self.failed.emit(error)
        self.page.choose([place.name for place in places])

    def stop(self) -> None:
        """End what is under way."""
        self._benching.cancel()
        if self._verifying.is_running():
            self._verifying.cancel()
            self.page.show_verifying("")

    def _verify(self, name: str) -> None:
        self._verifying.start("verification.verify", {"run": str(self.runs.folder(name).path)})
        self.page.show_verifying(tr("Trying whether this run resumes to the last bit…"))

    def _show_verdict(self, found: Mapping[str, Any]) -> None:
        sure = found["identical"] and not found["unlike"]
        notes = " ".join(tr(from_plain(note)) for note in found["notes"])
        self.page.show_verdict(Banner("good" if sure else "warning", tr(from_plain(found["verdict"])), notes))

    def _find(self, text: str) -> None:
        self._search = text.strip()
        self.page.show_found({row.name for row in self.runs.rows(self._search)} if self._search else None)

    def _compare(self, names: Sequence[str]) -> None:
        folders = {name: self.runs.folder(name) for name in list(names)[:MOST]}
        histories = {name: whole_history(folder)[0] for name, folder in folders.items()}
        self.page.show_comparison(histories, {name: recipe_of(folder) for name, folder in folders.items()})

    def _note(self, name: str, changed: dict[str, Any]) -> None:
        try:
            self.runs.write_notes(name, **changed)
        except UserError as error:
            self.failed.emit(error)


def model_row(row: RunSummary, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run as ModelChooser wants it; metrics: of the engine's settings.catalogue."""
    score = "" if row.value is None else figures.score(row.metric, row.value, metrics)
    return {
        "path": row.path,
        "title": row.shown,
        "epoch": row.best_epoch,
        "score": score,
        "live": row.state in LIVE,
        "step": row.step,
    }
