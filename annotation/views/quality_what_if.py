"""“What would change”: the form, and what it says before anything is applied."""

from dataclasses import dataclass

from django import forms
from django.http import QueryDict

from annotation.models import Campaign, Participation, Question
from annotation.quality.bootstrap import Estimate
from annotation.selectors.quality import Quality
from annotation.selectors.quality_people import Person
from annotation.selectors.what_if import Change, Choice, State, present_choice, what_would_change
from annotation.views.methods import WEIGHTINGS, method_name, methods_of
from annotation.views.quality_cards import cards_of
from annotation.views.quality_figures import NOTHING, plain_text, share_text
from annotation.views.questions import QuestionCard

_SHOWN = 12
_MOST_PEOPLE = 60
_EXCLUDED = Participation.Standing.EXCLUDED


class MethodForm(forms.Form):
    """A method and a weighting for one kind of question."""

    method = forms.ChoiceField(label="Method")
    weighting = forms.ChoiceField(label="Weights", choices=WEIGHTINGS)

    def __init__(self, data: QueryDict | None, *, campaign: Campaign, kind: str) -> None:
        now = present_choice(campaign, kind)
        start = {"method": now.method, "weighting": now.weighting}
        super().__init__(data, initial=start, auto_id="what-%s")
        self.fields["method"].choices = methods_of(kind)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Candidate:
    """A worker who may be left out, or let in again."""

    pk: int
    participation: int
    name: str
    standing: str
    person: Person | None
    skill: str
    lean: str
    chosen: bool


@dataclass(frozen=True)
class Compared:
    """One figure, now and then."""

    name: str
    now: str
    then: str
    difference: str
    note: str = ""


@dataclass(frozen=True)
class WeightBar:
    """Mean weights of one margin, with bars in per cent of each method's largest."""

    margin: str
    questions: str
    now: str
    then: str
    now_bar: str
    then_bar: str


@dataclass(frozen=True)
class ChangedCard:
    """A question whose answer would be another."""

    card: QuestionCard
    now: str
    then: str


@dataclass(frozen=True)
class Outcome:
    """What would change."""

    change: Change
    share: str
    figures: list[Compared]
    weights: list[WeightBar]
    correlation: str
    cards: list[ChangedCard]
    left_out: list[Candidate]
    let_in: list[Candidate]
    steps: list[str]  # what applying does, a sentence each; none where all is as it is

    @property
    def asked(self) -> str:
        """What is asked before anything is applied."""
        return " ".join([*self.steps, "Count all closed rounds again? Datasets that are frozen stay as they are."])


@dataclass(frozen=True)
class WhatIf:
    """The section of one kind of question."""

    form: MethodForm
    people: list[Candidate]
    excluded: list[Candidate]
    open: bool  # whether somebody is chosen
    outcome: Outcome | None
    refused: str = ""


def what_if_of(campaign: Campaign, quality: Quality, data: QueryDict) -> WhatIf:
    """The form of one kind, and its outcome where the address asks for this kind.

    Args:
        campaign: Whose.
        quality: Its figures of that kind.
        data: The address's; workers who are not of this campaign are as if they were not named.
    """
    asked = "method" in data
    without, back = numbers_in(data, "without"), numbers_in(data, "back")
    people = _candidates(campaign, quality, (without | back) if asked else frozenset())
    counted = [one for one in people if one.standing != _EXCLUDED.label]
    excluded = [one for one in people if one.standing == _EXCLUDED.label]
    form = MethodForm(data if asked else None, campaign=campaign, kind=quality.kind)
    chosen = [one for one in people if one.chosen]
    if not asked or not form.is_valid():
        return WhatIf(form, counted, excluded, bool(chosen), None)
    choice = Choice(
        method=form.cleaned_data["method"],
        weighting=form.cleaned_data["weighting"],
        without=frozenset(one.pk for one in counted if one.chosen),
        back=frozenset(one.pk for one in excluded if one.chosen),
    )
    try:
        change = what_would_change(campaign, quality.kind, choice)
    except ValueError as refused:  # a method that these votes are not made for says why
        return WhatIf(form, counted, excluded, bool(chosen), None, str(refused))
    if change is None:
        return WhatIf(form, counted, excluded, bool(chosen), None, "No round is closed yet, so nothing is counted.")
    return WhatIf(form, counted, excluded, bool(chosen), _outcome(campaign, quality.kind, change, chosen))


def numbers_in(data: QueryDict, name: str) -> frozenset[int]:
    """The whole numbers among the values of that name."""
    return frozenset(int(one) for one in data.getlist(name) if one.isdecimal() and len(one) < 19)


def _candidates(campaign: Campaign, quality: Quality, chosen: frozenset[int]) -> list[Candidate]:
    """The workers of a campaign, those with the least skill first; not all of a very large crowd."""
    judged = {one.worker: one for one in quality.people.all} if quality.people else {}
    rows = Participation.objects.filter(campaign=campaign).select_related("worker")
    found = [one for one in rows if one.worker_id in judged or one.standing == _EXCLUDED]
    found.sort(key=lambda one: (_doubt(judged.get(one.worker_id)), one.worker.pseudonym))
    return [
        Candidate(
            pk=one.worker_id,
            participation=one.pk,
            name=one.worker.pseudonym,
            standing=one.get_standing_display(),
            person=judged.get(one.worker_id),
            skill=share_text(judged[one.worker_id].skill) if one.worker_id in judged else NOTHING,
            lean=share_text(judged[one.worker_id].lean) if one.worker_id in judged else NOTHING,
            chosen=one.worker_id in chosen,
        )
        for place, one in enumerate(found)
        if place < _MOST_PEOPLE or one.worker_id in chosen
    ]


def _doubt(person: Person | None) -> float:
    return -1.0 if person is None else person.skill_high


def _outcome(campaign: Campaign, kind: str, change: Change, chosen: list[Candidate]) -> Outcome:
    now, then = change.now, change.then
    return Outcome(
        change=change,
        share=share_text(change.changed / change.questions),
        figures=[
            Compared("Votes counted", f"{now.votes:,}", f"{then.votes:,}", _more(then.votes - now.votes)),
            Compared(
                "Triplets in a dataset" if kind == Question.Kind.TRIPLET else "Stimuli with a label",
                f"{now.decided:,}",
                f"{then.decided:,}",
                _more(then.decided - now.decided),
            ),
            _estimates("Krippendorff’s α", now.agreement.alpha, then.agreement.alpha),
            _estimates("The others predict a person", now.ceiling.others, then.ceiling.others, percent=True),
            _estimates("The answers are right", now.ceiling.answers, then.ceiling.answers, percent=True),
        ],
        weights=_weight_bars(change),
        correlation=NOTHING if change.correlation is None else plain_text(change.correlation),
        cards=_changed_cards(campaign, change),
        left_out=[one for one in chosen if one.standing != _EXCLUDED.label],
        let_in=[one for one in chosen if one.standing == _EXCLUDED.label],
        steps=_steps(kind, change, chosen),
    )


def _steps(kind: str, change: Change, chosen: list[Candidate]) -> list[str]:
    now, then = change.now.choice, change.then.choice
    steps = []
    if (now.method, now.weighting) != (then.method, then.weighting):
        steps.append(f"From now on the campaign counts by {method_name(kind, then.method, then.weighting)}.")
    for one in chosen:
        if one.standing == _EXCLUDED.label:
            steps.append(f"{one.name} is reinstated, and the rules leave them alone.")
        else:
            steps.append(f"{one.name} is excluded: others are asked again in rounds that are open. They are paid.")
    return steps


def _more(difference: int) -> str:
    return "same" if not difference else f"{difference:+,}".replace("-", "−")


def _estimates(name: str, now: Estimate, then: Estimate, percent: bool = False) -> Compared:
    shown = share_text if percent else plain_text
    before, after = shown(now.value), shown(then.value)
    return Compared(name, before, after, "same" if before == after else f"{_difference(now, then, percent)}")


def _difference(now: Estimate, then: Estimate, percent: bool) -> str:
    difference = then.value - now.value
    if difference != difference:
        return NOTHING
    return (f"{100 * difference:+.1f} points" if percent else f"{difference:+.2f}").replace("-", "−")


def _weight_bars(change: Change) -> list[WeightBar]:
    most = [max((getattr(row, side) for row in change.weights), default=0.0) or 1.0 for side in ("now", "then")]
    return [
        WeightBar(
            margin="Tie" if row.margin == 0 else f"Margin {row.margin}",
            questions=f"{row.questions:,}",
            now=plain_text(row.now),
            then=plain_text(row.then),
            now_bar=f"{100 * row.now / most[0]:.1f}",
            then_bar=f"{100 * row.then / most[1]:.1f}",
        )
        for row in change.weights
    ]


def _changed_cards(campaign: Campaign, change: Change) -> list[ChangedCard]:
    rows = change.shown[:_SHOWN]
    cards = cards_of(campaign, change.keys, rows, change.now.fitted.result)
    return [
        ChangedCard(card, _winner(change.now, int(row), card), _winner(change.then, int(row), card))
        for card, row in zip(cards, rows, strict=True)
    ]


def _winner(state: State, row: int, card: QuestionCard) -> str:
    winner = int(state.fitted.result.winner[row])
    return card.options[winner].name if winner >= 0 else "level"
