"""What everything else stands on: plain Python that knows neither torch nor Qt."""
