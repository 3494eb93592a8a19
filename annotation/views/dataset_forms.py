"""The form that freezes a dataset."""

from typing import Any

from django import forms

from annotation.models import Campaign, Question, Split, Tally
from annotation.selectors.triplets import Selection
from annotation.selectors.votes import COUNTED
from annotation.views.methods import tally_name


class FreezeForm(forms.Form):
    """Which triplets; what is left empty means all."""

    rounds = forms.TypedMultipleChoiceField(
        label="Rounds", required=False, coerce=int, widget=forms.CheckboxSelectMultiple, help_text="None chosen: all."
    )
    splits = forms.TypedMultipleChoiceField(
        label="Splits",
        required=False,
        coerce=int,
        choices=Split.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all.",
    )
    min_margin = forms.IntegerField(
        label="Least margin",
        required=False,
        min_value=0,
        max_value=99,
        help_text="How many more votes the nearer must have. Empty: every question that is decided.",
    )
    method = forms.ChoiceField(label="Method", help_text="Those by which the votes are counted.")
    licence = forms.CharField(
        label="Licence", required=False, max_length=120, help_text="Such as CC-BY-4.0. Empty: none is given."
    )

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers = campaign.rounds.filter(status__in=COUNTED).values_list("number", flat=True)
        self.fields["rounds"].choices = [(number, f"Round {number}") for number in numbers]  # type: ignore[attr-defined]
        counted = Tally.objects.filter(campaign=campaign, kind=Question.Kind.TRIPLET, current=True).order_by()
        names = {campaign.method, *counted.values_list("method", flat=True)}
        self.fields["method"].choices = [(name, tally_name(name)) for name in sorted(names)]  # type: ignore[attr-defined]
        self.fields["method"].initial = campaign.method

    @property
    def selection(self) -> Selection:
        """What was chosen."""
        given = self.cleaned_data
        return Selection(
            rounds=tuple(given["rounds"]) or None,
            splits=tuple(given["splits"]) or None,
            min_margin=given["min_margin"] or 0,
            method=given["method"],
        )
