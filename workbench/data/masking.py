"""What is taken out of tables and texts before anything is kept: the settings, which the kinds of data share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from workbench.core.errors import UserError
from workbench.core.settings import Hint, Settings
from workbench.data import cache
from workbench.data.masker import Masker
from workbench.data.masking_key import name_of_key
from workbench.data.personal_patterns import PATTERNS


def _names(value: Any) -> Any:
    return (value,) if isinstance(value, str) and value else () if value == "" else value


class Masking(Settings):
    """Personal data that are not to be learned from nor kept, all off at first."""

    mail: Annotated[
        bool, Field(title="Mail addresses", description="Takes mail addresses out, such as name@example.com.")
    ] = False
    phone: Annotated[
        bool,
        Field(
            title="Telephone numbers",
            description="Takes out numbers with the code of a country, and those of China and North America.",
        ),
    ] = False
    identity: Annotated[
        bool,
        Field(
            title="Identity numbers",
            description="Takes out Chinese resident identity numbers, by their check digit, and US social security "
            "numbers.",
        ),
    ] = False
    card: Annotated[
        bool,
        Field(title="Payment cards", description="Takes out the numbers of payment cards, by their check digit."),
    ] = False
    ip: Annotated[
        bool, Field(title="IP addresses", description="Takes out addresses of computers, such as 192.168.0.1.")
    ] = False
    columns: Annotated[
        tuple[str, ...],
        BeforeValidator(_names),
        Field(title="Whole columns", description="Columns of a table whose values are masked, whatever they hold."),
    ] = ()
    method: Annotated[
        Literal["mask", "hash"],
        Field(
            title="In their place",
            description="A fixed word such as [mail], or a hash that is equal for equal values. Hashes need a key, "
            "which is made at the first use and lies on this computer alone: in masking.key in the program's state "
            "folder, or in the file that WORKBENCH_MASKING_KEY names.",
        ),
        Hint(choices={"mask": "A fixed word", "hash": "A hash"}),
    ] = "mask"

    def takes_out(self) -> bool:
        """Return whether anything is to be taken out."""
        return bool(self.columns) or any(getattr(self, name) for name in PATTERNS)

    def masker(self, has_columns: bool = True) -> Masker | None:
        """Return what masks by these settings, or None where nothing is to be; the key of hashes is made if need be.

        has_columns: whether the data have any that could be masked whole; raises UserError for those they do not have.
        """
        if self.columns and not has_columns:
            raise UserError(
                "These data have no columns that could be masked whole: {columns}.",
                hint="Leave the setting Whole columns empty, and mask patterns instead.",
                columns=", ".join(self.columns),
            )
        if not self.takes_out():
            return None
        patterns = tuple(name for name in PATTERNS if getattr(self, name))
        return Masker(patterns, self.columns, name_of_key() if self.method == "hash" else "")


def masked_cache(
    masker: Masker | None, files: bytes, parts: Sequence[Any], build: Callable[[Path], dict[str, Any]]
) -> tuple[Path, dict[str, Any]]:
    """Return the folder and summary of data in the cache, as `cache.cached` does.

    files: their fingerprint. parts: all else that determines what is kept. With a masker everything goes that was kept
    of the same files before they were masked so, and of tokens, whose caches do not say of which files they are, all.
    """
    name = _cache_name(masker, files, parts)
    if masker is not None:
        cache.discard(f"{_source(files)}-*", but=_masked(masker, files))
        if not cache.is_kept(name):
            cache.discard(f"{cache.TOKENS}*")
    return cache.cached(name, build)


def _cache_name(masker: Masker | None, files: bytes, parts: Sequence[Any]) -> str:
    return f"{_source(files) if masker is None else _masked(masker, files)}-{cache.key(files, *parts)}"


def _source(files: bytes) -> str:
    """Return what the names of all data begin with that are made of these files."""
    return cache.key(files)[:16]


def _masked(masker: Masker, files: bytes) -> str:
    """Return what the names of data begin with that are made of these files and masked so."""
    return f"{_source(files)}-masked-{cache.key(masker.to_plain())[:16]}"


MaskingGroup = Annotated[
    Masking,
    Field(title="Masking", description="Personal data that are taken out before anything is learned or kept."),
    Hint(advanced=True),
]
