"""Pages: values in, signals out; none knows another."""
