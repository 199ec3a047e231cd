"""Names that folders and files of training data usually have."""

from workbench.data.splits import TEST, TRAINING, VALIDATION

_NAMES = {
    TRAINING: ("train", "training", "trn", "训练", "训练集"),
    VALIDATION: ("val", "valid", "validation", "dev", "eval", "验证", "验证集"),
    TEST: ("test", "testing", "tst", "holdout", "测试", "测试集"),
}
_BY_NAME = {name: split for split, names in _NAMES.items() for name in names}


def split_named(name: str) -> int | None:
    """Return the split that a folder or file of this name holds, or None."""
    return _BY_NAME.get(name.strip().lower())
