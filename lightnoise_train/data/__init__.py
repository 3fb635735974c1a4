"""Data sets as frames with keys and labels, split without leaks, turned into tensors by keyed draws."""
