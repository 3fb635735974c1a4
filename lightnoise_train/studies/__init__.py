"""Whole experiments: runs of several arms and seeds, judged together and reported."""
