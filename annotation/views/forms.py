"""Forms of the campaign pages. They check what a person typed; services check what is allowed."""

from typing import Any

from django import forms
from django.utils.text import slugify

from accounts.models import User
from annotation.models import Campaign, Collection
from annotation.models.campaign import DEFAULT_INSTRUCTIONS, DEFAULT_PROMPT

# Addresses under /campaigns/ that are pages of their own.
_RESERVED = {"new"}
_VOTES = [(count, f"{count} votes" if count > 1 else "1 vote") for count in (1, 3, 5, 7, 9)]


class CampaignForm(forms.Form):
    """A new campaign and the design of its first round."""

    name = forms.CharField(max_length=120, help_text="Annotators see it on their start page.")
    collection = forms.ModelChoiceField(
        Collection.objects.none(), label="Stimuli", empty_label=None, help_text="The collection that people look at."
    )
    prompt = forms.CharField(
        label="Question", max_length=200, initial=DEFAULT_PROMPT, help_text="One sentence, shown above every triplet."
    )
    instructions = forms.CharField(
        required=False,
        max_length=5000,
        initial=DEFAULT_INSTRUCTIONS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Shown once before the first question, and one key away after that.",
    )
    votes_per_question = forms.TypedChoiceField(
        label="Votes per question",
        choices=_VOTES,
        coerce=int,
        initial=5,
        help_text="By as many different people. An odd number leaves no ties.",
    )
    hit_size = forms.IntegerField(
        label="Questions in a bundle",
        min_value=1,
        max_value=200,
        initial=20,
        help_text="What a person takes at a time; 20 are about two minutes.",
    )
    per_stimulus = forms.IntegerField(
        label="Triplets per stimulus",
        min_value=1,
        max_value=60,
        initial=6,
        help_text="In the first round, each stimulus is in this many.",
    )
    label = forms.CharField(
        label="Colour maps by",
        required=False,
        max_length=64,
        help_text="A label of the stimuli, such as expression. May stay empty.",
        widget=forms.TextInput(attrs={"list": "labels", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        collection = self.fields["collection"]
        assert isinstance(collection, forms.ModelChoiceField)  # noqa: S101  (tells the type checker)
        collection.queryset = Collection.objects.visible_to(user)

    def campaign_fields(self) -> dict[str, Any]:
        """What `campaign_create` takes of it."""
        fields = {name: value for name, value in self.cleaned_data.items() if name != "per_stimulus"}
        if slugify(fields["name"]) in _RESERVED:
            fields["slug"] = f"campaign-{slugify(fields['name'])}"
        return fields


class ProposeForm(forms.Form):
    """A balanced round."""

    per_stimulus = forms.IntegerField(label="Triplets per stimulus", min_value=1, max_value=60, initial=6)


class StatusForm(forms.Form):
    """A step of a campaign's state machine."""

    status = forms.ChoiceField(choices=Campaign.Status.choices)
