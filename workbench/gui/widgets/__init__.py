"""Widgets, one a file, each usable alone: values in, signals out."""
