"""A form beside the values that are in force: what was typed since, and what became of it."""

from collections.abc import Mapping
from typing import Any

from workbench.core.errors import UserError
from workbench.gui.form import Form


class FormInForce:
    """Tells whether a form shows what is in force; both are compared as the form writes them."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self._in_force = form.values_by_path()

    def show(self, values: Mapping[str, Any], keep_typed: bool = False) -> None:
        """Take these values as those in force and show them; keep_typed: what the form shows now stays there."""
        typed = self.form.values()
        self.form.set_values(values)
        self._in_force = self.form.values_by_path()
        if keep_typed:
            self.form.set_values(typed)
        else:
            self.form.show_errors({})

    def show_in_force(self) -> None:
        """Show what is in force again, in the place of what was typed."""
        self.form.set_values(_nested(self._in_force))
        self.form.show_errors({})

    def take(self) -> None:
        """Take what the form shows as what is in force."""
        self._in_force = self.form.values_by_path()

    def edited(self) -> list[str]:
        """Return the paths of the fields that show something else than what is in force."""
        return [path for path, value in self.form.values_by_path().items() if self._in_force.get(path) != value]

    def refuse(self, error: UserError) -> bool:
        """Mark the fields that were edited with this error; return whether there are any."""
        edited = self.edited()
        if edited:
            self.form.show_errors(dict.fromkeys(edited, error.translated()))
        return bool(edited)


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by path as groups of them."""
    whole: dict[str, Any] = {}
    for path, value in values.items():
        *groups, last = path.split(".")
        place = whole
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return whole
