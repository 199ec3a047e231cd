"""Tests of Workbench; the folders mirror those of the package."""
