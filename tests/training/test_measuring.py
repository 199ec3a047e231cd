from tests.training.runs import small_recipe
from workbench.core.events import Event, Preparing
from workbench.engine import ask
from workbench.recipe import recipe_from
from workbench.training.measuring import measure


def test_a_recipe_is_measured_by_training_it() -> None:
    seen: list[Event] = []
    cost = measure(recipe_from(small_recipe()), seen.append)
    assert cost.seconds_per_step > 0
    assert abs(cost.seconds_per_epoch - 6 * cost.seconds_per_step) < 1e-9
    assert cost.memory >= 0
    assert cost.device == "cpu"
    assert any(isinstance(event, Preparing) for event in seen)


def test_the_engine_answers_with_plain_values() -> None:
    answer = ask("model.measure", {"recipe": small_recipe()})
    assert answer["fits"] is True
    assert answer["batch_size"] == 32
    assert set(answer) == {
        "memory", "seconds_per_step", "seconds_per_epoch", "samples_per_second", "device", "batch_size", "fits", "free",
    }  # fmt: skip
