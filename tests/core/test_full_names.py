from workbench.core.full_names import by_full_name


def test_settings_bear_the_names_of_their_sections():
    assert by_full_name({"a": {"b": {"c": 0.1}, "d": [1]}, "e": "x"}) == {"a.b.c": 0.1, "a.d": [1], "e": "x"}
