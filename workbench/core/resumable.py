"""Whether a run can be trained on, as far as its folder tells."""

from workbench.core.compressed import refuse_compressed
from workbench.core.locked_run import require_unlocked
from workbench.core.run_folder import RunFolder


def require_resumable(run: RunFolder) -> None:
    """Raise UserError when the run cannot be trained on, nor another one made of its checkpoint."""
    require_unlocked(run)
    refuse_compressed(run)
