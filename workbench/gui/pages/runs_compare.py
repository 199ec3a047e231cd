"""The curves of the selected runs over each other, and the settings in which the runs differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.core.full_names import by_full_name
from workbench.core.run_reader import Batch
from workbench.core.words import plural, tr
from workbench.gui.form_texts import written
from workbench.gui.plots.curve_plot import CurvePlot
from workbench.gui.titles import setting_title, setting_value
from workbench.gui.tokens import Space
from workbench.gui.widgets.card import Card
from workbench.gui.widgets.table import Column, RowsModel, Table

_PLOT_HEIGHT = 250  # pixels, at least
_DIFFERENCES_HEIGHT = 150  # pixels, at least: a heading and two settings
_UNCROWDED = 2  # runs that are shown with their training curves too
MOST = 8  # runs whose curves can still be told apart


class RunsCompare(QWidget):
    """Loss and metric of up to eight runs, each run in one colour; below, what they do not share."""

    failed = Signal(object)  # UserError of an export

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.loss_plot = CurvePlot(tr("Loss"), smoothing=0.6, log=False)
        self.metric_plot = CurvePlot(tr("Metric"), percent=True, log=False)
        for plot in (self.loss_plot, self.metric_plot):
            plot.failed.connect(self.failed)
        plots = QHBoxLayout()
        plots.setSpacing(Space.gap)
        for plot in (self.loss_plot, self.metric_plot):
            card = Card()
            card.add(plot, 1)
            card.setMinimumHeight(_PLOT_HEIGHT)
            plots.addWidget(card, 1)
        self.differences = Table()
        self.differences.setObjectName("runs.differences")
        self.differences.setAccessibleName(tr("Settings that differ"))
        self.card = Card(tr("Settings that differ"))
        self.card.add(self.differences, 1)
        self.card.setMinimumHeight(_DIFFERENCES_HEIGHT)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(Space.gap)
        layout.addLayout(plots, 3)
        layout.addWidget(self.card, 2)

    def show_runs(
        self,
        rows: Sequence[Mapping[str, Any]],
        histories: Mapping[str, Batch],
        recipes: Mapping[str, Mapping[str, Any]],
        catalogue: Mapping[str, Any],
    ) -> None:
        """Show these runs: rows of the list, what each has written, and its recipe, by the run's name.

        catalogue: what settings.catalogue answers, or empty.
        """
        shown = rows[:MOST]
        for plot in (self.loss_plot, self.metric_plot):
            plot.clear()
        metric, having = shared_metric(shown)
        self._head_metric(metric, having, len(shown), catalogue.get("metrics", {}).get(metric, {}))
        crowded = len(shown) > _UNCROWDED
        for place, row in enumerate(shown):
            scalars = histories[row["name"]].scalars
            self._draw(self.loss_plot, place, row, scalars, "loss", crowded)
            if metric and _metric_of(row) == metric:
                self._draw(self.metric_plot, place, row, scalars, metric, crowded)
        self._show_differences(shown, recipes, catalogue)
        self.card.set_note(
            tr("The first {count} of the selected runs.", count=MOST) if len(rows) > MOST else self.card_note(shown)
        )
        self.card.setVisible(len(shown) > 1)

    def card_note(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """Return how many settings differ, in words."""
        model = self.differences.model()
        count = model.rowCount() if model and len(rows) > 1 else 0
        return plural(count, "{count} setting", "{count} settings") if count else tr("None: the recipes are the same.")

    def _head_metric(self, metric: str, having: int, runs: int, known: Mapping[str, Any]) -> None:
        """Say what the second plot shows, and of how many runs where others have another metric."""
        title = tr(known.get("title", metric) or "Metric")
        if having < runs and metric:
            title = tr("{metric}, of {count} of {all} runs", metric=title, count=having, all=runs)
        self.metric_plot.header.set_title(title)
        self.metric_plot.set_percent(bool(known.get("percent", False)) if known else metric.endswith("accuracy"))

    def _draw(
        self, plot: CurvePlot, color: int, row: Mapping[str, Any], scalars: Mapping[str, Any], what: str, crowded: bool
    ) -> None:
        """Draw one run; where many are shown, validation alone."""
        name, title = row["name"], str(row["shown"])
        training, validation = scalars.get(f"training_{what}"), scalars.get(f"validation_{what}")
        both = not crowded or validation is None
        if training is not None and both:
            plot.set_series(name, *training, title=title, color=color)
        if validation is not None:
            plot.set_series(
                f"{name} validation",
                *validation,
                title=tr("Validation") if both and training is not None else title,
                color=color,
                dashed=True,
                points=True,
                smooth=False,
            )

    def _show_differences(
        self,
        rows: Sequence[Mapping[str, Any]],
        recipes: Mapping[str, Mapping[str, Any]],
        catalogue: Mapping[str, Any],
    ) -> None:
        columns = [Column("setting", tr("Setting"))]
        columns += [Column(row["name"], str(row["shown"])) for row in rows]
        found = differing({row["name"]: recipes[row["name"]] for row in rows})
        for line in found if catalogue else ():
            setting = line.pop("setting")
            line |= {name: setting_value(catalogue, setting, recipes[name], value) for name, value in line.items()}
            line["setting"] = setting_title(catalogue, setting, recipes[next(iter(line))])
        self.differences.set_model(RowsModel(columns, [_worded(line, columns) for line in found]))


def _worded(line: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, str]:
    """Return a row in words; a run that does not have the setting has a dash."""
    return {column.key: "–" if column.key not in line else written(line[column.key]) for column in columns}


def _metric_of(row: Mapping[str, Any]) -> str:
    return str(row["metric"]).removeprefix("validation_").removeprefix("loss")


def shared_metric(rows: Sequence[Mapping[str, Any]]) -> tuple[str, int]:
    """Return the metric that most of these runs are judged by, and how many; others would need a scale of their own."""
    counted = Counter(_metric_of(row) for row in rows)
    del counted[""]
    return counted.most_common(1)[0] if counted else ("", 0)


def differing(recipes: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each setting that is not the same in all recipes: {"setting": full name, run: value…}.

    A run whose recipe does not have the setting is not in its row.
    """
    flat = {name: by_full_name(recipe) for name, recipe in recipes.items()}
    found = []
    for setting in dict.fromkeys(setting for values in flat.values() for setting in values):
        values = {name: values[setting] for name, values in flat.items() if setting in values}
        if len(values) < len(flat) or len({written(value) for value in values.values()}) > 1:
            found.append({"setting": setting, **values})
    return found
