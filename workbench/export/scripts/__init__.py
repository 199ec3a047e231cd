"""Training scripts: what `workbench.export.script` writes, in the order in which a reader meets it."""
