"""Using what was trained: predictions, evaluation, and the models they read."""
