"""The Share page: a model for other programs, copies of a run, and the commands that use them."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from workbench.core.errors import UserError
from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.current_job import CurrentJob
from workbench.gui.pages.model_chooser import ModelChooser
from workbench.gui.pages.share_compress import CompressCard
from workbench.gui.pages.share_encrypt import EncryptCard
from workbench.gui.pages.share_export import ExportCard
from workbench.gui.pages.share_parts import Offer
from workbench.gui.pages.share_serve import ServeCard
from workbench.gui.passphrases import Passphrases
from workbench.gui.service import Service
from workbench.gui.tokens import Space
from workbench.gui.widgets.banner import Banner
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.command_line import CommandLine
from workbench.gui.widgets.empty_state import EmptyState
from workbench.gui.widgets.job_card import JobCard
from workbench.gui.widgets.page import Page
from workbench.gui.widgets.scroll import scrolled

_Then = Callable[[Mapping[str, Any]], None]  # what becomes of the answer of a job


class SharePage(Page):
    """Everything that can be taken out of a run; copying runs as a job."""

    training_requested = Signal()
    picked = Signal(str)  # folder of the run that a person chose here
    pruning_requested = Signal(str, float, int)  # folder of the run, share, epochs
    distilling_requested = Signal(str)  # folder of the run that teaches
    comparing_requested = Signal(object)  # folders of runs
    made = Signal(str)  # name of a new run

    def __init__(
        self, engine: Any, jobs: Any, service: Service, passphrases: Passphrases, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("Share"), tr("Take a run along, or use its model elsewhere."), parent=parent)
        self._doing = ""
        self._then: _Then = self._show_saved
        self._job = CurrentJob(jobs, self)
        self._job.progressed.connect(
            lambda _, fraction, left: self.progress.show_progress(self._doing, "", fraction, left)
        )
        self._job.answered.connect(self._finish)
        self._job.failed.connect(self._show_error)
        self.chooser = ModelChooser()
        self.chooser.setObjectName("share.run")
        self.chooser.setAccessibleName(tr("Run to share"))
        self.chooser.setToolTip(tr("The run that is shared."))
        self.chooser.run_chosen.connect(self._choose)
        self.chooser.picked.connect(self.picked)
        self.add_action(self.chooser)
        self.empty = EmptyState(
            "share-network", tr("There is nothing to share yet"), tr("Train a model first."), tr("Go to Train")
        )
        self.empty.acted.connect(self.training_requested)
        self.exports = ExportCard(engine, passphrases)
        self.exports.wanted.connect(self._export)
        self.compressing = CompressCard(engine)
        self.compressing.wanted.connect(self._compress)
        self.compressing.pruning_wanted.connect(
            lambda share, epochs: self.pruning_requested.emit(str(self.chooser.run()["path"]), share, epochs)
        )
        self.compressing.distilling_wanted.connect(
            lambda: self.distilling_requested.emit(str(self.chooser.run()["path"]))
        )
        self.serving = ServeCard(service)
        self.encryption = EncryptCard(jobs, passphrases)
        self.encryption.began.connect(self._begin)
        self.encryption.progressed.connect(
            lambda fraction, left: self.progress.show_progress(self._doing, "", fraction, left)
        )
        self.encryption.done.connect(self._show_done)
        self.encryption.failed.connect(self._show_error)
        self.encryption.changed.connect(self._look_again)
        self.exports.described.connect(self.serving.set_kind)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(scrolled(self._make_content()))
        self.progress = JobCard()
        self.progress.setObjectName("share.progress")
        self.progress.cancel_wanted.connect(self._cancel)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.stack, 1)
        self._choose({})

    def set_runs(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Offer runs that have a model, newest first; see ModelChooser for what one holds."""
        self.chooser.set_runs(runs)

    def choose_run(self, *paths: str) -> None:
        """Choose the run in the first of these folders that has a model."""
        self.chooser.choose(*paths)

    def stop(self) -> None:
        """End what is under way."""
        self._cancel()

    def _make_content(self) -> QWidget:
        self.pack = Offer(
            "package",
            tr("A copy of the run"),
            tr(
                "Everything in one zip file: recipe, curves, log, checkpoints and models. "
                "Unpacked among other runs it is one of them."
            ),
            tr("Save as .zip…"),
        )
        self.pack.button.setObjectName("share.copy")
        self.model = Offer(
            "cube",
            tr("The model"),
            tr("A folder with weights (safetensors), labels and preprocessing: all that predicting takes."),
            tr("Save the model folder…"),
        )
        self.model.button.setObjectName("share.model")
        self.recipe = Offer(
            "file-text",
            tr("The recipe"),
            tr("A readable file with every setting of the training, measured choices included."),
            tr("Save the recipe…"),
        )
        self.recipe.button.setObjectName("share.recipe")
        self.pack.wanted.connect(self._save_run)
        self.model.wanted.connect(self._save_model)
        self.recipe.wanted.connect(self._save_recipe)
        copies = Card(tr("Copies"))
        for offer in (self.pack, self.model, self.recipe):
            copies.add(offer)
        self.folder_button = button(tr("Open the folder"), "folder-open", tr("Shows the files of the run."))
        self.folder_button.setObjectName("share.folder")
        self.folder_button.clicked.connect(self._open_folder)
        self.predict = CommandLine(tr("Predict with this model"))
        self.train = CommandLine(tr("Train the same again"))
        commands = Card(tr("On the command line"))
        commands.add(self.predict)
        commands.add(self.train)
        self.place = Card(tr("Where it is"))
        self.place_line = CommandLine(name=tr("Folder of the run"))
        self.place.add(self.place_line)
        self.place.add_action(self.folder_button)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.gap)
        for card in (
            self.exports, self.compressing, self.serving, self.encryption, copies, commands, self.place,
        ):  # fmt: skip
            column.addWidget(card)
        column.addStretch(1)
        return content

    def _choose(self, run: Mapping[str, Any]) -> None:
        self.stack.setCurrentIndex(1 if run else 0)
        self.chooser.setVisible(bool(run))
        self.exports.set_run(str(run["path"]) if run else "")
        self.compressing.set_run(str(run["path"]) if run else "")
        self.serving.set_run(str(run["path"]) if run else "")
        self.encryption.set_run(str(run["path"]) if run else "")
        if run:
            path = str(run["path"])
            self.predict.set_command(f"workbench predict {shlex.quote(path)} {tr('INPUT')}")
            self.train.set_command(f"workbench train {shlex.quote(str(Path(path) / 'recipe.toml'))}")
            self.place_line.set_command(path)

    def _look_again(self) -> None:
        """Ask anew what can be made of the run: what could not be opened can be now."""
        for card in (self.exports, self.compressing):
            card.set_run("")
        self._choose(self.chooser.run())

    def _export(self, kind: str, title: str) -> None:
        run = self.chooser.run()
        suggested = f"{Path(run['path']).name}-{kind}"
        path, _ = QFileDialog.getSaveFileName(self, tr("Export as {title}", title=title), suggested)
        self._start("exporting.export", path, tr("Exporting {name}", name=run["title"]), self._show_exported, kind=kind)

    def _compress(self, kind: str, title: str) -> None:
        run = self.chooser.run()
        name = tr("Compressing {name} to {format}", name=run["title"], format=title)
        original = str(run["path"])
        self._start_job(
            "compressing.compress",
            name,
            {"run": original, "kind": kind},
            lambda answer: self._show_compressed(original, answer),
        )

    def _save_run(self) -> None:
        run = self.chooser.run()
        suggested = f"{Path(run['path']).name}.zip"
        path, _ = QFileDialog.getSaveFileName(self, tr("Save a copy of the run"), suggested, "ZIP (*.zip)")
        self._start("sharing.pack", path, tr("Packing {name}", name=run["title"]), self._show_packed)

    def _save_model(self) -> None:
        run = self.chooser.run()
        suggested = f"{Path(run['path']).name}-model"
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the model folder"), suggested)
        self._start("sharing.copy_model", path, tr("Copying the model of {name}", name=run["title"]), self._show_saved)

    def _save_recipe(self) -> None:
        run = self.chooser.run()
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the recipe"), f"{run['title']}.toml", "TOML (*.toml)")
        self._start(
            "sharing.copy_recipe", path, tr("Copying the recipe of {name}", name=run["title"]), self._show_saved
        )

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.chooser.run()["path"])))

    def _start(self, name: str, path: str, title: str, then: _Then, **more: str) -> None:
        if path:
            self._start_job(name, title, {"run": str(self.chooser.run()["path"]), "path": path, **more}, then)

    def _start_job(self, name: str, title: str, arguments: Mapping[str, str], then: _Then) -> None:
        self._begin(title)
        self._then = then
        self._job.start(name, arguments)

    def _finish(self, answer: Mapping[str, Any]) -> None:
        self.progress.hide()
        self._then(answer)

    def _begin(self, title: str) -> None:
        self.clear_banners()
        self._doing = title
        self.progress.show_progress(title)
        self.progress.show()

    def _show_done(self, text: str) -> None:
        self.progress.hide()
        self.show_banner(Banner("good", text)).set_closable(True)

    def _show_saved(self, answer: Mapping[str, Any]) -> None:
        self._show_file(answer["path"], tr("Saved {name}.", name=Path(answer["path"]).name))

    def _show_packed(self, answer: Mapping[str, Any]) -> None:
        self._show_file(answer["path"], _saved_with_size(answer))

    def _show_exported(self, answer: Mapping[str, Any]) -> None:
        """Say besides what the comparison with the run found."""
        self._show_file(answer["path"], f"{_saved_with_size(answer)} {tr(from_plain(answer['said']))}")

    def _show_file(self, path: str, text: str) -> None:
        banner = self.show_banner(Banner("good", text, path))
        banner.set_closable(True)
        show = banner.add_action(tr("Show in its folder"))
        show.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent))))

    def _show_compressed(self, original: str, answer: Mapping[str, Any]) -> None:
        self.made.emit(str(answer["name"]))
        banner = self.show_banner(
            Banner("good", tr("It is a run of its own now, in the list of runs."), answer["name"])
        )
        banner.set_closable(True)
        runs = [original, str(answer["run"])]
        compare = banner.add_action(tr("Compare with the original"))
        compare.clicked.connect(lambda: self.comparing_requested.emit(runs))

    def _show_error(self, error: UserError) -> None:
        self.progress.hide()
        self.show_banner(Banner.of_error(error)).set_closable(True)

    def _cancel(self) -> None:
        self._job.cancel()
        self.encryption.cancel()
        self.progress.hide()


def _saved_with_size(answer: Mapping[str, Any]) -> str:
    name, size = Path(answer["path"]).name, figures.size(float(answer["size"]))
    return tr("Saved {name}, {size}.", name=name, size=size)
