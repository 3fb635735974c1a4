"""What is minimised, and how to see whether it means anything: NT-Xent, gradient caching, collapse statistics."""
