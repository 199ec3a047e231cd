"""The Runs page: every run there is; find, compare, note, go on, delete."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.run_reader import LIVE, Batch
from workbench.core.words import plural, tr
from workbench.gui import figures
from workbench.gui.icons import icon
from workbench.gui.pages.runs_bench import RunsBench
from workbench.gui.pages.runs_compare import RunsCompare
from workbench.gui.pages.runs_notes import RunsNotes
from workbench.gui.pages.runs_table import RunsTable
from workbench.gui.theme import Space, explain
from workbench.gui.widgets.at_least import scrolled_below_least
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.buttons import button, primary_button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.page import Page

Row = Mapping[str, Any]
_TABLE_HEIGHT = 200  # pixels, at least: a heading and four runs


class RunsPage(Page):
    """Rows come in as `RunSummary.to_plain()` gives them; every signal about a run carries its name."""

    searched = Signal(str)
    compare_wanted = Signal(object)  # names of the selected runs, whose curves and recipes are to be shown
    shown_on_train = Signal(str)
    try_requested = Signal(str)
    recipe_requested = Signal(str)  # a new run from the recipe of this one
    resumed = Signal(str, object)  # name, assignments
    forked = Signal(str)  # a new run that goes on from the last checkpoint of this one
    verifying_cancelled = Signal()
    verified = Signal(str)  # whether it can be resumed to the last bit is to be tried
    noted = Signal(str, object)  # name, {"name" | "tags" | "note": …}
    deleted = Signal(object)
    training_requested = Signal()
    bench_wanted = Signal(object)  # names of runs that are to be held against each other on their test set
    bench_closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Runs"), parent=parent)
        self._rows: list[Row] = []
        self._found: Collection[str] | None = None
        self._catalogue: Mapping[str, Any] = {}
        self._trying: Banner | None = None
        self._benching = False
        self._make_header()
        self._make_parts()
        self._make_actions()
        self._rest()

    def set_catalogue(self, catalogue: Mapping[str, Any]) -> None:
        """Take what metrics, architectures and settings are called."""
        self._catalogue = catalogue
        self.bench.set_metrics(catalogue.get("metrics", {}))
        self.set_runs(self._rows)

    def set_runs(self, rows: Sequence[Row]) -> None:
        """Show these runs, newest first."""
        known = self._catalogue.get("architectures", {})
        titles = {kind: tr(entry["title"]) for kind, entry in known.items()}
        self._rows = [
            {
                **row,
                "score": row["value"],
                "scored": self._score(row),
                "model": titles.get(row["architecture"], row["architecture"]),
            }
            for row in rows
        ]
        self.table.set_runs(self._rows)
        self._rest()

    def _score(self, row: Row) -> str:
        known = self._catalogue.get("metrics", {})
        return "" if row["value"] is None else figures.score(str(row["metric"]), float(row["value"]), known)

    def show_found(self, names: Collection[str] | None) -> None:
        """Show only the runs of these names; None shows all."""
        self._found = None if names is None else set(names)
        found = self._found
        self.table.set_filter(None if found is None else lambda row: row["name"] in found)
        self._rest()

    def show_comparison(self, histories: Mapping[str, Batch], recipes: Mapping[str, Mapping[str, Any]]) -> None:
        """Show the curves and the differing settings of the selected runs."""
        rows = [row for row in self.table.selected_rows() if row["name"] in histories]
        self.compare.show_runs(rows, histories, recipes, self._catalogue)

    def show_verifying(self, stage: str) -> None:
        """Show that a resume is tried, with a button that ends it; an empty stage takes that away."""
        if not stage:
            self.clear_banners()
            self._trying = None
        elif self._trying is None:
            self.clear_banners()
            self._trying = Banner("note", stage)
            self._trying.add_action(tr("Cancel")).clicked.connect(self.verifying_cancelled)
            self.show_banner(self._trying)
        else:
            self._trying.set_text(stage)

    def show_verdict(self, banner: Banner) -> None:
        """Show what came of trying a resume."""
        self.show_verifying("")
        banner.set_closable(True)
        self.show_banner(banner)

    def show_bench(self, shown: bool) -> None:
        """Show what was measured of several runs in place of the list, or the list again."""
        self._benching = shown
        self._rest()
        if not shown:
            self.bench_closed.emit()

    def choose(self, names: Sequence[str]) -> None:
        """Select these runs."""
        self.table.choose(names)

    def chosen(self) -> list[Row]:
        """Return the rows that are selected."""
        return list(self.table.selected_rows())

    def _make_header(self) -> None:
        self.search = QLineEdit()
        self.search.setObjectName("runs.search")
        self.search.setAccessibleName(tr("Search runs"))
        self.search.setPlaceholderText(tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(200)
        self.search.textChanged.connect(self.searched)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.search.setFocus)
        self.more = button(tr("Actions"), icon_name="dots-three")
        self.more.setObjectName("runs.actions")
        self.try_it = primary_button(tr("Try it"), icon_name="magic-wand")
        self.try_it.setObjectName("runs.try")
        self.try_it.setAccessibleName(tr("Try it"))
        self.try_it.clicked.connect(lambda: self.try_requested.emit(self.chosen()[0]["name"]))
        self.add_action(self.search)
        self.add_action(self.more)
        self.set_primary(self.try_it)

    def _make_parts(self) -> None:
        self.table = RunsTable()
        self.table.setObjectName("runs.table")
        self.table.setAccessibleName(tr("Runs"))
        self.table.renamed.connect(lambda name, title: self.noted.emit(name, {"name": title}))
        self.table.chosen.connect(self._choose)
        self.table.opened.connect(self.shown_on_train)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(
            lambda place: self.menu.popup(self.table.viewport().mapToGlobal(place))
        )
        upper = Card()
        upper.add(self.table, 1)
        self.compare = RunsCompare()
        self.compare.setObjectName("runs.compare")
        self.compare.setAccessibleName(tr("Comparison"))
        self.notes = RunsNotes()
        self.notes.noted.connect(self.noted)
        self.below = QWidget()
        row = QHBoxLayout(self.below)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.gap)
        row.addWidget(self.compare, 1)
        row.addWidget(self.notes)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(Space.gap)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(upper)
        self.splitter.addWidget(self.below)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        upper.setMinimumHeight(_TABLE_HEIGHT)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.splitter, 1)
        self.empty = EmptyState(
            "list-bullets",
            tr("No runs yet"),
            tr("What you train is kept here, with its curves and its model."),
            tr("Go to Train"),
        )
        self.empty.acted.connect(self.training_requested)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(scrolled_below_least(content))
        self.bench = RunsBench()
        self.bench.setObjectName("runs.bench_result")
        self.bench.closed.connect(lambda: self.show_bench(False))
        self.bench.cancelled.connect(lambda: self.show_bench(False))
        self.stack.addWidget(scrolled_below_least(self.bench))
        self.body.addWidget(self.stack, 1)

    def _make_actions(self) -> None:
        """Make the menu that belongs to the selection, the same behind the button and on the right mouse button."""
        self.menu = QMenu(self.more)
        self.acts: dict[str, QAction] = {}
        for name, text, icon_name, keys, act in (
            ("show", tr("Show its training"), "chart-line", "", lambda row: self.shown_on_train.emit(row["name"])),
            ("recipe", tr("New run from this recipe"), "copy", "", lambda row: self.recipe_requested.emit(row["name"])),
            ("resume", tr("Resume"), "play", "", lambda row: self.resumed.emit(row["name"], [])),
            ("fork", tr("Go on as a new run"), "git-branch", "", lambda row: self.forked.emit(row["name"])),
            ("verify", tr("Verify resume"), "check-circle", "", lambda row: self.verified.emit(row["name"])),
            ("bench", tr("Compare on the test split"), "scales", "", None),
            ("rename", tr("Rename"), "pencil-simple", "F2", lambda row: self.table.rename(row["name"])),
            ("reveal", tr("Open its folder"), "folder-open", "", _reveal),
            ("delete", tr("Delete"), "trash", "Del", None),
        ):
            action = self.acts[name] = QAction(icon(icon_name), text, self)
            action.setObjectName(f"runs.{name}")
            if keys:
                action.setShortcut(keys)
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                self.table.addAction(action)
            if act is not None:
                action.triggered.connect(lambda _=False, act=act: act(self.chosen()[0]))
            self.menu.addAction(action)
        self.acts["delete"].triggered.connect(lambda: self.deleted.emit([row["name"] for row in self.chosen()]))
        self.acts["bench"].triggered.connect(lambda: self.bench_wanted.emit([row["name"] for row in self.chosen()]))
        self.more.setMenu(self.menu)

    def _choose(self, names: list[str]) -> None:
        self._rest()
        if names:
            self.compare_wanted.emit(names)

    def _rest(self) -> None:
        chosen = self.chosen()
        one = chosen[0] if len(chosen) == 1 else None
        live = any(row["state"] in LIVE for row in chosen)
        self.stack.setCurrentIndex(2 if self._benching else 1 if self._rows else 0)
        for widget in (self.search, self.more, self.try_it):
            widget.setVisible(bool(self._rows) and not self._benching)
        self.below.setVisible(bool(chosen))
        self.notes.setVisible(one is not None)
        if one is not None:
            self.notes.show_run(one)
        shown = len(self._rows) if self._found is None else len(self._found)
        self.set_line(
            plural(shown, "{count} run", "{count} runs")
            if self._found is None
            else tr("{shown} of {all} runs found", shown=shown, all=len(self._rows))
        )
        explain(self.try_it, bool(one and one["has_model"]), tr("Select one run that has a model."))
        for name in ("show", "recipe", "rename", "reveal"):
            self.acts[name].setEnabled(one is not None)
        self.acts["resume"].setEnabled(one is not None and _can_go_on(one))
        for name in ("fork", "verify"):
            self.acts[name].setEnabled(one is not None and not live)
        self.acts["bench"].setEnabled(len(chosen) > 1 and all(row["has_model"] for row in chosen))
        self.acts["delete"].setEnabled(bool(chosen) and not live)
        explain(self.more, bool(chosen), tr("Select a run first."))


def _can_go_on(row: Row) -> bool:
    """Return whether a run is not over: one that failed before its first step would only fail again."""
    return row["state"] in ("interrupted", "stopped", "queued") or (row["state"] == "failed" and row["step"] > 0)


def _reveal(row: Row) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(row["path"]))
