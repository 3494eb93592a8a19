"""Questions of the quality page as cards, by their primary keys."""

import numpy as np
from numpy.typing import NDArray

from annotation.models import Campaign, Question
from annotation.quality.aggregate import Aggregate
from annotation.views.questions import QuestionCard, question_cards


def cards_of(
    campaign: Campaign, keys: NDArray[np.int64], rows: NDArray[np.int64], result: Aggregate
) -> list[QuestionCard]:
    """Cards of some questions, in the order of `rows`.

    Args:
        campaign: Whose.
        keys: (Q,) primary keys of all questions of the result.
        rows: Which of them.
        result: What their votes came to.
    """
    wanted = [int(key) for key in keys[rows]]
    found = Question.objects.select_related("reference", "a", "b", "round").in_bulk(wanted)
    return question_cards(campaign, [_counted(found[key], row, result) for key, row in zip(wanted, rows, strict=True)])


def _counted(question: Question, row: int, result: Aggregate) -> Question:
    """The question with what a card reads of it."""
    for name, value in (
        ("total", int(result.votes[row])),
        ("margin", int(result.margin[row])),
        ("weight", float(result.weight[row])),
    ):
        setattr(question, name, value)
    return question
