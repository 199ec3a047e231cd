"""Blocks and choices that several architectures share."""
