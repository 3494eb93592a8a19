"""What learning does when annotation closes a round: its campaign's plan, and nothing more."""

from typing import Any

from django.dispatch import receiver

from annotation.models import Dataset, Round
from annotation.signals import round_closed


@receiver(round_closed)
def train_after_round(sender: Any, *, round: Round, dataset: Dataset, **kwargs: Any) -> None:
    from learning.services.runs import plan_follow
    from learning.tasks import ring_after_commit

    if plan_follow(dataset=dataset) is not None:
        ring_after_commit()
