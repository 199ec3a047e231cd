"""The window: the only package that imports PySide6 or pyqtgraph; it imports no torch, polars or scikit-learn."""
