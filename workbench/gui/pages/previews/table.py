"""An opened table: its rows, or its columns with what they hold."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QStackedWidget, QWidget

from workbench.core.words import from_plain, tr
from workbench.gui import figures
from workbench.gui.pages.previews.preview import Preview, class_tile, renamed, split_titles, total
from workbench.gui.pages.previews.rows import PagedRows
from workbench.gui.widgets.chips import MenuChip
from workbench.gui.widgets.table import Column, RowsModel, Table

_MOST_COLUMNS = 60  # shown in the rows
_TARGET, _CELL = "label", "cell."


class TablePreview(Preview):
    """Rows of one split with their target first; a chip turns to the list of columns."""

    def __init__(self, engine: Any, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._classes: tuple[list[str], list[str]] = ([], [])  # as found, as named now
        self._view = MenuChip({"rows": tr("Rows"), "columns": tr("Columns")}, "rows")
        self._view.setObjectName("data.table_view")
        self._view.setToolTip(tr("Show the rows, or what the columns hold"))
        self._view.chosen.connect(lambda _: self._turn())
        self._split = MenuChip(split_titles(), "training")
        self._split.setObjectName("data.split_filter")
        self._split.setToolTip(tr("Show one split"))
        self._split.chosen.connect(self._show_split)
        self.add_action(self._view)
        self.add_action(self._split)
        self.rows = PagedRows(engine, worded=self._worded)
        self.rows.table.setAccessibleName(tr("Rows"))
        self.rows.failed.connect(self.failed)
        self.columns = Table()
        self.columns.setObjectName("data.columns")
        self.columns.setAccessibleName(tr("Columns"))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.rows)
        self.stack.addWidget(self.columns)
        self.add(self.stack, 1)

    def set_data(self, data: dict[str, Any], summary: dict[str, Any]) -> None:
        classes, facts = list(summary["classes"]), summary.get("facts", {})
        self._classes = (classes, classes)
        features = facts.get("features", ())[:_MOST_COLUMNS]
        target = ", ".join(map(str, facts.get("targets", ()))) or tr("Target")
        columns = [Column(_TARGET, target, right=not classes, tip=tr("What is predicted"))]
        columns += [
            Column(f"{_CELL}{feature['name']}", str(feature["name"]), _cell, right=feature["kind"] == "numeric")
            for feature in features
        ]
        columns.append(Column("name", tr("Row")))
        self.rows.set_columns(columns)
        self.rows.set_data(data, summary)
        self._show_columns(facts)
        self._split.set_choices(split_titles(), "training")
        self._turn()
        self._show_split()

    def set_classes(self, classes: list[str]) -> None:
        self._classes = (self._classes[0], list(classes))
        self.rows.word_again()

    def tiles(self, summary: Mapping[str, Any]) -> list[tuple[str, str]]:
        count = len(summary.get("facts", {}).get("features", ()))
        return [
            (tr("Rows"), figures.count(total(summary))),
            (tr("Columns"), figures.count(count)),
            *class_tile(summary),
        ]

    def _turn(self) -> None:
        rows = self._view.value() != "columns"
        self.stack.setCurrentWidget(self.rows if rows else self.columns)
        self._split.setVisible(rows)

    def _show_split(self, *_: object) -> None:
        self.rows.show_split(self._split.value() or "training")

    def _worded(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        cells = {f"{_CELL}{name}": value for name, value in row.get("cells", {}).items()}
        return {**row, **cells, _TARGET: renamed(str(row.get("label", "")), *self._classes)}

    def _show_columns(self, facts: Mapping[str, Any]) -> None:
        columns = (
            Column("name", tr("Column")),
            Column("kind", tr("Kind")),
            Column("holds", tr("Holds")),
            Column("missing", tr("Missing"), right=True),
        )
        found = [*facts.get("features", ()), *facts.get("left_out", ())]
        self.columns.set_model(RowsModel(columns, [_described(column) for column in found]), sortable=False)


def _described(column: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is said of a column, in words."""
    kinds = {"numeric": tr("Number"), "categorical": tr("Category"), "left_out": tr("Left out")}
    rows = int(column["present"]) + int(column["missing"])
    if column["kind"] == "left_out":
        reason = column.get("reason")
        holds = tr(from_plain(reason)) if reason else ""
    elif column["kind"] == "numeric":
        offset = float(column.get("offset", 0.0))
        low, mean, high = (figures.number(float(column[name]) + offset, 4) for name in ("minimum", "mean", "maximum"))
        holds = tr("{low} to {high}, on average {mean}", low=low, high=high, mean=mean)
    else:
        some = ", ".join(map(str, column["categories"][:6]))
        holds = f"{figures.count(int(column['distinct']))}: {some}" + (" …" if len(column["categories"]) > 6 else "")
    return {
        "name": column["name"],
        "kind": kinds[str(column["kind"])],
        "holds": holds,
        "missing": figures.percent(int(column["missing"]) / rows) if column["missing"] and rows else "",
    }


def _cell(value: Any) -> str:
    return figures.number(value, 4) if isinstance(value, float) else str(value)
