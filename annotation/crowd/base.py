"""What a crowd channel is: a way by which workers come to a round's HITs.

A channel announces a round and takes it back. The votes always come in through the same services, whatever the
channel, so K votes a question stay exact.
"""

from typing import Protocol

from annotation.models import Round


class CrowdChannel(Protocol):
    name: str

    def publish(self, *, round: Round) -> None:
        """Tell the channel's workers of an open round. Called after the round was opened."""
        ...

    def withdraw(self, *, round: Round) -> None:
        """Stop sending workers to a round. Called after the round stopped taking votes."""
        ...
