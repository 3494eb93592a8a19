"""The one signal of annotation: a round was closed and its dataset frozen. Learning listens."""

from django.dispatch import Signal

# Sent in the transaction that closes the round, with `round: Round` and `dataset: Dataset`.
# Write rows in it; enqueue on commit.
round_closed = Signal()
