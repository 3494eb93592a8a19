"""Readers of votes that people bring along: one file a format, all giving the same columns."""
