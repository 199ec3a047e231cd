"""The six pages and the side bar in one language, joined up: values go in, signals come out, no page knows another."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import Words, from_plain, plural, tr
from workbench.gui.backstage import Backstage
from workbench.gui.gradual import Gradual
from workbench.gui.pages.data import DataPage
from workbench.gui.tokens import Space
from workbench.gui.unlocking import Unlocking
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.page import Page
from workbench.gui.widgets.side_bar import SideBar
from workbench.gui.widgets.undo_bar import UndoBar

if TYPE_CHECKING:  # the window is painted before these are imported
    from workbench.gui.draft_desk import DraftDesk
    from workbench.gui.pages.model import ModelPage
    from workbench.gui.pages.runs import RunsPage
    from workbench.gui.pages.share import SharePage
    from workbench.gui.pages.train import TrainPage
    from workbench.gui.pages.try_it import TryPage
    from workbench.gui.runs_desk import RunsDesk
    from workbench.gui.share_desk import ShareDesk
    from workbench.gui.train_desk import TrainDesk


class Workspace(QWidget):
    """Built again when the language changes; what stands behind it stays.

    It begins with the first page. The others follow a turn of the event loop each once `building` was started, or all
    at once when one of them is asked for.
    """

    draft_changed = Signal()  # data, architecture or training were edited
    model: "ModelPage"
    train: "TrainPage"
    runs: "RunsPage"
    try_it: "TryPage"
    share: "SharePage"
    draft_desk: "DraftDesk"
    train_desk: "TrainDesk"
    runs_desk: "RunsDesk"
    share_desk: "ShareDesk"

    def __init__(self, behind: Backstage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.behind = behind
        self.side_bar = SideBar()
        self.data = DataPage(behind.engine, behind.jobs)
        self.pages: dict[str, Page] = {"data": self.data}
        self.stack = QStackedWidget()
        self.stack.addWidget(self.data)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._above = QVBoxLayout()  # messages that concern no page, until someone closes them
        self._above.setSpacing(Space.medium)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addLayout(self._above)
        column.addWidget(self.stack, 1)
        row.addWidget(self.side_bar)
        row.addLayout(column, 1)
        self.undo = UndoBar(self.stack)
        self.building = Gradual(self._pages_and_joints(), self)
        self.building.done.connect(self._visit_at_last)
        self._wish = ""  # the page that a person chose before it was built
        self.side_bar.chosen.connect(self._visit)
        self.go("data")

    def __getattr__(self, name: str) -> Any:
        """Build the pages when one of them is asked for that is not there yet."""
        if name not in Workspace.__annotations__ or self.building.is_done():
            raise AttributeError(name)
        self.building.complete()
        return getattr(self, name)

    def _visit_at_last(self) -> None:
        if self._wish:
            self.go(self._wish)

    def _visit(self, name: str) -> None:
        """Show the page that a person chose, as soon as it is there: the window stays quick while pages are built."""
        if not self.building.is_done():
            self._wish = name
            self.building.start()
        if name in self.pages:
            self.go(name)

    def _pages_and_joints(self) -> Iterator[None]:
        """Build a page, or a part of what joins them, from one step to the next."""
        from workbench.gui.pages.train import TrainPage

        yield
        behind = self.behind
        self.train = TrainPage()
        yield
        from workbench.gui.pages.model import ModelPage

        self.model = ModelPage(behind.engine, behind.jobs)
        yield
        from workbench.gui.pages.runs import RunsPage

        self.runs = RunsPage()
        yield
        from workbench.gui.pages.try_it import TryPage

        self.try_it = TryPage(behind.engine, behind.jobs)
        yield
        from workbench.gui.draft_desk import DraftDesk
        from workbench.gui.machines_desk import MachinesDesk
        from workbench.gui.pages.share import SharePage
        from workbench.gui.runs_desk import RunsDesk
        from workbench.gui.share_desk import ShareDesk
        from workbench.gui.train_desk import TrainDesk

        self.share = SharePage(behind.engine, behind.jobs, behind.service, behind.passphrases)
        self.pages |= {
            "model": self.model, "train": self.train, "runs": self.runs, "try": self.try_it, "share": self.share,
        }  # fmt: skip
        for page in list(self.pages.values())[1:]:
            self.stack.addWidget(page)
        yield
        self.train_desk = TrainDesk(
            self.train, behind.draft, behind.engine, behind.trainings, behind.follower, behind.runs
        )
        self.machines_desk = MachinesDesk(self.train, behind.draft, behind.engine, behind.runs.runs)
        self.runs_desk = RunsDesk(self.runs, behind.runs, behind.jobs)
        self.draft_desk = DraftDesk(behind, self.data, self.model, self.train, self)
        self.share_desk = ShareDesk(self.share, self.show_above)
        self._join_pages()
        self._join_desks()
        self._join_behind()

    def go(self, name: str) -> None:
        """Show the page called `name`: data, model, train, runs, try or share; the last two with the run at hand."""
        if name != "data":
            self.building.complete()
        if name in ("try", "share"):
            (self.try_it if name == "try" else self.share).choose_run(*self.behind.at_hand.paths())
        self.stack.setCurrentWidget(self.pages[name])
        self.side_bar.choose(name)

    def current(self) -> str:
        """Return the name of the page that is shown."""
        return next(name for name, page in self.pages.items() if page is self.stack.currentWidget())

    def stop(self) -> None:
        """End what pages have under way."""
        if not self.building.is_done():
            self.building.stop()
            self.data.stop()
            return
        for page in (self.data, self.model, self.try_it, self.share):
            page.stop()
        self.runs_desk.stop()
        self.undo.expire()

    def show_error(self, error: UserError) -> Banner:
        """Show an error on the page that is open, in place of an earlier one."""
        page = self.pages[self.current()]
        page.clear_banners()
        return self.show_message(Banner.of_error(error))

    def show_note(self, text: str) -> Banner:
        """Show a note on the page that is open."""
        return self.show_message(Banner("note", text))

    def show_message(self, banner: Banner) -> Banner:
        """Show a message on the page that is open, until someone closes it."""
        self.pages[self.current()].show_banner(banner).set_closable(True)
        return banner

    def show_above(self, banner: Banner) -> Banner:
        """Show a message above every page, until someone closes it."""
        self._above.setContentsMargins(Space.page, Space.gap, Space.page, 0)
        banner.closed.connect(lambda: self._above.setContentsMargins(0, 0, 0, 0))
        banner.set_closable(True)
        self._above.addWidget(banner)
        return banner

    def open_recipe(self, path: str) -> None:
        """Set up a new run from a recipe in TOML; what is wrong with it is said and changes nothing."""
        self.behind.engine.ask("settings.read", {"path": path}).then(
            self, lambda answer: self.draft_desk.use(answer["recipe"]), self.show_error
        )

    def try_run(self, name: str) -> None:
        """Open Try it with the model of this run."""
        self.behind.runs.look_again(name)
        self.behind.take_in_hand(name)
        self.go("try")

    def _join_pages(self) -> None:
        for signal, page in (
            (self.side_bar.training_clicked, "train"),
            (self.data.model_requested, "model"),
            (self.model.training_requested, "train"),
            (self.model.data_requested, "data"),
            (self.train.data_requested, "data"),
            (self.train.model_requested, "model"),
            (self.runs.training_requested, "train"),
            (self.try_it.training_requested, "train"),
            (self.share.training_requested, "train"),
        ):
            signal.connect(lambda page=page: self.go(page))
        self.data.recipe_wanted.connect(self.open_recipe)
        for page in (self.try_it, self.share):
            page.picked.connect(self.behind.at_hand.take)

    def _join_desks(self) -> None:
        draft, train, runs = self.draft_desk, self.train_desk, self.runs_desk
        draft.changed.connect(train.show_draft)
        draft.changed.connect(self.draft_changed)
        draft.held_changed.connect(train.show_draft)
        train.show_draft()
        draft.lent.connect(self.share_desk.tell)
        draft.returned.connect(self.share_desk.forget)
        train.said.connect(self.side_bar.set_training)
        self.train.try_requested.connect(self.try_run)
        self.share.made.connect(self.behind.runs.look_again)
        self.share.comparing_requested.connect(self._compare)
        self.share_desk.made.connect(self._use_made)
        self.train.discarded.connect(lambda name: runs.delete([name]))
        self.runs.try_requested.connect(self.try_run)
        self.runs.shown_on_train.connect(train.show)
        self.runs.shown_on_train.connect(self.behind.take_in_hand)
        self.runs.resumed.connect(train.resume)
        self.runs.forked.connect(train.fork)
        for signal in (self.runs.shown_on_train, self.runs.resumed, self.runs.forked, runs.recipe_requested):
            signal.connect(self._go_to_training)
        runs.recipe_requested.connect(draft.use)
        runs.gone.connect(train.clear)
        runs.undo_offered.connect(self.undo.offer)
        self.undo.undone.connect(runs.bring_back)
        runs.models_changed.connect(lambda rows: self.model.set_runs(rows, str(self.behind.runs.runs)))
        runs.models_changed.connect(self.try_it.set_runs)
        runs.models_changed.connect(self.share.set_runs)
        runs.show_runs(self.behind.runs.rows())
        for desk in (train, runs):
            desk.failed.connect(self.show_error)

    def _join_behind(self) -> None:
        behind = self.behind
        behind.engine.failed.connect(self.show_error)
        behind.engine.restarted.connect(self.show_error)
        behind.service.failed.connect(self.show_error)
        self._unlocking = Unlocking(self.show_above, behind.passphrases, self)
        behind.engine.locked.connect(self._unlocking.tell)
        behind.passphrases.known.connect(self._unlocking.close)
        behind.runs.rebuilt.connect(self._tell_rebuilt)
        behind.catalogue_came.connect(self._take_catalogue)
        behind.devices_came.connect(self._take_devices)
        if behind.catalogue:
            self._take_catalogue(behind.catalogue)
        if behind.devices:
            self._take_devices(behind.devices)

    def _compare(self, paths: list[str]) -> None:
        self.go("runs")
        self.runs_desk.bench(paths)

    def _use_made(self, recipe: Mapping[str, Any], lent: Mapping[str, Any], page: str) -> None:
        self.draft_desk.use_with(recipe, lent)
        self.go(page)

    def _go_to_training(self, *_: object) -> None:
        self.go("train")

    def _take_catalogue(self, catalogue: dict[str, Any]) -> None:
        self.data.set_catalogue(catalogue)
        self.model.set_catalogue(catalogue)
        self.train_desk.set_catalogue(catalogue)
        self.runs_desk.set_catalogue(catalogue)
        self.draft_desk.keep()

    def _take_devices(self, answer: Mapping[str, Any]) -> None:
        devices, why = answer["devices"], answer.get("why") or {}
        words = from_plain(why) if isinstance(why, Mapping) and why.get("template") else Words("")
        self.train.set_devices(devices, tr(words))
        if devices:
            self.side_bar.set_device(str(devices[0]["title"]))

    def _tell_rebuilt(self, count: int) -> None:
        self.show_note(
            plural(
                count,
                "The list of runs was damaged and has been rebuilt from {count} run.",
                "The list of runs was damaged and has been rebuilt from {count} runs.",
            )
        )
