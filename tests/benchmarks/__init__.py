"""How long what people wait for takes, as ratios of our figure against another measured in the same run."""
