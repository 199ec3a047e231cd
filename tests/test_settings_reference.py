"""The page of all settings says what the settings say."""

from tests import settings_reference
from workbench.engine.settings import catalogue


def test_the_page_is_up_to_date():
    written = settings_reference.place().read_text(encoding="utf-8")
    assert written == settings_reference.page(), "write it anew: python -m tests.settings_reference"


def test_every_registered_thing_and_every_setting_of_training_is_on_it():
    page, found = settings_reference.page(), catalogue()
    for section in ("data", "architectures", "optimizers", "schedules"):
        assert not [kind for kind in found[section] if f'`kind = "{kind}"`' not in page]
    names = found["training"]["schema"]["properties"]
    assert not [name for name in names if f"| `{name}` |" not in page and f"| `{name}." not in page]
