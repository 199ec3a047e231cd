"""Plots, one a file: arrays in, nothing known about runs."""
