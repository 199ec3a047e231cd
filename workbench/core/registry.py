"""Registries: a thing is added by writing one file in its package, and is found there by its kind."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import core_schema

from workbench.core.errors import UserError
from workbench.core.settings import Settings, nearest, refuse_unknown, worded
from workbench.core.words import Words, mark

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """Named things of one package; every module of the package is imported at the first look."""

    def __init__(self, package: str, noun: str) -> None:
        """package: dotted name whose modules register. noun: what one of them is called, for messages."""
        self.package = package
        self.noun = noun
        self._entries: dict[str, Entry] = {}
        self._walked = False

    def add(self, kind: str, entry: Entry) -> None:
        """Register `entry`; raises ValueError when the kind is taken."""
        if kind in self._entries:
            raise ValueError(f"two things in {self.package} are called {kind!r}")
        self._entries[kind] = entry

    def __getitem__(self, kind: str) -> Entry:
        self._walk()
        if kind not in self._entries:
            near = nearest(kind, self._entries)
            hint = mark("Did you mean {near}?") if near else mark("Known here: {known}.")
            known = ", ".join(sorted(self._entries))
            noun = Words(self.noun)
            raise UserError(
                "There is no {noun} called {kind}.", hint=hint, noun=noun, kind=kind, near=near, known=known
            )
        return self._entries[kind]

    def __contains__(self, kind: object) -> bool:
        self._walk()
        return kind in self._entries

    def __iter__(self) -> Iterator[str]:
        self._walk()
        return iter(sorted(self._entries))  # whatever was imported first

    def __len__(self) -> int:
        self._walk()
        return len(self._entries)

    def _walk(self) -> None:
        if not self._walked:
            self._walked = True
            package = importlib.import_module(self.package)
            for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
                importlib.import_module(f"{self.package}.{module.name}")


class HasSettings(Protocol):
    """An entry that is chosen by `kind` in a recipe."""

    @property
    def settings(self) -> type[Settings]: ...


def kind_of(settings: Settings) -> str:
    """Return the kind under which the class of these settings is registered."""
    return getattr(settings, "kind", "")


def build_settings(registry: Registry[Any], plain: Any, default_kind: str, section: str) -> Settings:
    """Return the settings that `plain` describes, of the class that its `kind` names.

    Raises UserError for an unknown kind, an unknown name or a value out of range.
    """
    if isinstance(plain, Settings):
        return plain
    if not isinstance(plain, Mapping):
        raise UserError("{section} must be a group of settings, but is {given}.", section=section, given=plain)
    settings: type[Settings] = registry[str(plain.get("kind", default_kind))].settings
    refuse_unknown(plain, settings, section)
    try:
        return settings.model_validate(dict(plain))
    except ValidationError as error:
        raise worded(error, section) from None


class ValueErrorOf(UserError, ValueError):
    """A UserError that pydantic carries out of a validator; `worded` gives it back unchanged."""

    def __init__(self, error: UserError) -> None:
        super().__init__(error.message, hint=error.hint.template, details=error.details, mend=error.mend)


@dataclass(frozen=True)
class ChosenFrom:
    """Marks a field, `Annotated[SerializeAsAny[Base], ChosenFrom(…)]`, that holds settings of any kind in a registry.

    Its JSON schema is {"registry": section, "default_kind": kind}.
    """

    registry: Registry[Any]
    default_kind: str
    section: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return core_schema.no_info_before_validator_function(self._build, handler(source))

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"registry": self.section, "default_kind": self.default_kind}

    def _build(self, plain: Any) -> Settings:
        try:
            return build_settings(self.registry, plain, self.default_kind, self.section)
        except UserError as error:
            raise ValueErrorOf(error) from None
