"""JSON for programs, read with a token."""
