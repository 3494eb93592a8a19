"""Questions of a round as cards: what was shown, how people answered."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.models import CANT_TELL, Campaign, Question
from annotation.selectors.round_questions import votes_by_choice
from annotation.views.doorway import Face, face


@dataclass(frozen=True)
class Option:
    """One of the answers that a question has."""

    name: str
    votes: int
    percent: str
    winner: bool
    face: Face | None = None  # the candidate, of a triplet


@dataclass(frozen=True)
class QuestionCard:
    """A question with what came of it."""

    question: Question
    reference: Face
    options: list[Option]
    unsure: int
    votes: int
    margin: int
    weight: float | None

    @property
    def is_label(self) -> bool:
        return self.question.kind == Question.Kind.LABEL


def question_cards(campaign: Campaign, questions: Iterable[Question]) -> list[QuestionCard]:
    """Cards of questions that `questions_counted` gave."""
    shown = list(questions)
    votes = votes_by_choice(shown)
    return [_card(campaign, one, votes.get(one.pk, {})) for one in shown]


def _card(campaign: Campaign, question: Question, votes: dict[str, int]) -> QuestionCard:
    named: list[tuple[str, str, Face | None]]
    if question.a is not None and question.b is not None:
        named = [("a", question.a.key, face(question.a)), ("b", question.b.key, face(question.b))]
    else:
        named = [(str(place), label, None) for place, label in enumerate(campaign.choices)]
    total: int = question.total  # type: ignore[attr-defined]
    margin: int = question.margin  # type: ignore[attr-defined]
    most = max((votes.get(choice, 0) for choice, _, _ in named), default=0)
    options = [
        Option(
            name=name,
            votes=votes.get(choice, 0),
            percent=f"{100 * votes.get(choice, 0) / total:.1f}" if total else "0",
            winner=margin > 0 and votes.get(choice, 0) == most,
            face=shown,
        )
        for choice, name, shown in named
    ]
    return QuestionCard(
        question=question,
        reference=face(question.reference),
        options=options,
        unsure=votes.get(CANT_TELL, 0),
        votes=total,
        margin=margin,
        weight=question.weight,  # type: ignore[attr-defined]
    )
