"""Training: from a recipe to a run folder, as a generator of events."""
