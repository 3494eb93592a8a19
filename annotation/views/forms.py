"""Forms of the campaign pages. They check what a person typed; services check what is allowed."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import slugify

from accounts.models import User
from annotation.models import Campaign, Collection
from annotation.models.campaign import (
    DEFAULT_INSTRUCTIONS,
    DEFAULT_LABEL_PROMPT,
    DEFAULT_PROMPT,
    default_choices,
    validate_choices,
)
from annotation.selectors.campaign_settings import settings_fixed
from annotation.views.methods import CountingFields

# Addresses under /campaigns/ that are pages of their own.
_RESERVED = {"new"}
_VOTES = [(count, f"{count} votes" if count > 1 else "1 vote") for count in (1, 3, 5, 7, 9)]
_FIRST = [
    ("", "All at once"),
    *((count, f"{count} first, the rest only where they disagree") for count in (2, 3, 5, 7)),
]
_PER_STIMULUS = 6


def _count(label: str, initial: int, low: int, high: int, help_text: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, initial=initial, min_value=low, max_value=high, help_text=help_text)


def _words(label: str, initial: str, help_text: str, rows: int) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(
        label=label, required=False, max_length=5000, initial=initial, widget=area, help_text=help_text
    )


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]


class SettingsForm(CountingFields):
    """What can be said of a campaign. What is fixed by now is shown and can not be typed into."""

    name = forms.CharField(max_length=120, help_text="Annotators see it on their start page.")
    kind = forms.ChoiceField(label="Questions", choices=Campaign.Kind, initial=Campaign.Kind.TRIPLET)
    prompt = forms.CharField(
        label="Question above triplets",
        required=False,
        max_length=200,
        initial=DEFAULT_PROMPT,
        help_text="One sentence.",
    )
    label_prompt = forms.CharField(
        label="Question above single stimuli",
        required=False,
        max_length=200,
        initial=DEFAULT_LABEL_PROMPT,
        help_text="One sentence.",
    )
    choices = LinesField(
        label="Labels, one a line",
        required=False,
        initial=default_choices,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="2 to 9, in the order of their keys 1 to 9.",
    )
    cant_tell = forms.BooleanField(label="“Can’t tell” is an answer", required=False)
    instructions = _words(
        "Instructions", DEFAULT_INSTRUCTIONS, "Shown once before the first question, and one key away after that.", 4
    )
    consent = _words("Consent", "", "What a person agrees to before the first question. Empty: nothing is asked.", 4)
    thanks = _words("Thanks", "", "Said at the end. May stay empty.", 2)
    votes_per_question = forms.TypedChoiceField(
        label="Votes per question",
        choices=_VOTES,
        coerce=int,
        initial=5,
        help_text="By as many different people. An odd number leaves no ties.",
    )
    votes_first = forms.TypedChoiceField(
        label="How they are asked",
        choices=_FIRST,
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Where people agree at once, asking on is money and time for nothing.",
    )
    hit_size = _count("Questions in a bundle", 20, 1, 200, "What a person takes at a time; 20 are about two minutes.")
    max_share = _count("Share of one person, %", 100, 1, 100, "Of all votes, so that nobody is the crowd alone.")
    lease_minutes = _count("Minutes for a bundle", 30, 1, 1440, "Untouched for so long, it goes to somebody else.")
    access = forms.ChoiceField(
        label="Who may answer",
        choices=Campaign.Access,
        initial=Campaign.Access.MEMBERS,
        help_text="The invitation link is on the campaign’s page.",
    )
    reward = forms.DecimalField(
        label="Reward for a bundle", initial=0, min_value=0, max_value=10_000, decimal_places=2, help_text="0: unpaid."
    )
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label="Currency",
        initial="USD",
        max_length=3,
        help_text="Three letters.",
        error_messages={"invalid": "Write the three letters of a currency, such as EUR."},
    )
    break_minutes = _count("Offer a break after, minutes", 20, 0, 240, "0: never.")
    practice = _count("Practice questions", 5, 0, 20, "Before the first bundle, with the answer after each.")
    golds_first = _count("Known answers, first three bundles", 2, 0, 10, "Questions whose answer is known, in each.")
    golds_later = _count("Known answers, later bundles", 1, 0, 10, "In each.")
    repeats = _count("Repeats", 1, 0, 10, "Asked again in the same bundle, sides swapped.")
    attention = _count("Attention checks", 1, 0, 10, "Too easy to miss for anybody who looks. In each bundle.")
    label = forms.CharField(
        label="Colour maps by",
        required=False,
        max_length=64,
        help_text="A label of the stimuli, such as expression. May stay empty.",
        widget=forms.TextInput(attrs={"list": "labels", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, campaign: Campaign | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if campaign is None:
            return
        fixed = settings_fixed(campaign)
        for name, field in self.fields.items():
            self.initial[name] = getattr(campaign, name, None)
            field.disabled = (name if name != "reward" else "reward_cents") in fixed
        self.initial["reward"] = f"{Decimal(campaign.reward_cents) / 100:.2f}"

    def clean_choices(self) -> list[str]:
        choices: list[str] = self.cleaned_data["choices"] or default_choices()
        validate_choices(choices)
        return choices

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, whole = cleaned.get("votes_first"), cleaned.get("votes_per_question")
        if first and whole and first >= whole:
            self.add_error("votes_first", f"Fewer than the {whole} votes in all must be asked first.")
        if whole and (cleaned.get("label_threshold") or 0) > whole:
            self.add_error("label_threshold", f"There are only {whole} votes on a question.")
        return cleaned

    def settings(self) -> dict[str, Any]:
        """What `campaign_create` and `campaign_change` take of it."""
        fields = dict(self.cleaned_data)
        fields["reward_cents"] = int(fields.pop("reward") * 100)
        # The question of the other kind may have been left out.
        fields["prompt"] = fields["prompt"] or DEFAULT_PROMPT
        fields["label_prompt"] = fields["label_prompt"] or DEFAULT_LABEL_PROMPT
        return fields


class ProposeForm(forms.Form):
    """A balanced round."""

    per_stimulus = forms.IntegerField(
        label="Triplets per stimulus",
        required=False,
        min_value=1,
        max_value=60,
        initial=_PER_STIMULUS,
    )

    @property
    def per_stimulus_chosen(self) -> int:
        """Of a campaign for labels only the field is not shown, and does not matter."""
        return int(self.cleaned_data["per_stimulus"] or _PER_STIMULUS)


class CampaignForm(SettingsForm, ProposeForm):
    """A new campaign and the design of its first round."""

    collection = forms.ModelChoiceField(
        Collection.objects.none(), label="Stimuli", empty_label=None, help_text="The collection that people look at."
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["per_stimulus"].help_text = "In the first round, each stimulus is in this many."
        collection = self.fields["collection"]
        assert isinstance(collection, forms.ModelChoiceField)  # noqa: S101  (tells the type checker)
        collection.queryset = Collection.objects.visible_to(user)

    def settings(self) -> dict[str, Any]:
        fields = super().settings()
        del fields["per_stimulus"]
        if slugify(fields["name"]) in _RESERVED:
            fields["slug"] = f"campaign-{slugify(fields['name'])}"
        return fields


class StatusForm(forms.Form):
    """A step of a campaign's state machine."""

    status = forms.ChoiceField(choices=Campaign.Status.choices)
