"""One goal a file: a title, how often it is tried in each tier, and a function that tries it."""
