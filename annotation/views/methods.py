"""What a researcher chooses of how votes are counted, in words."""

from dataclasses import dataclass

from django import forms

from annotation.models import Campaign, Question


@dataclass(frozen=True)
class Way:
    """One of the choices, and a line that says what it is."""

    name: str
    says: str

    def __str__(self) -> str:
        return self.name


METHODS = (
    ("margin", Way("Majority", "Who has more votes wins; the weight goes by the margin, as in the paper.")),
    (
        "side-frame",
        Way("Side-frame Dawid–Skene", "Learns each person’s skill, apart from leaning to the left or right."),
    ),
    ("one-coin", Way("One coin", "Learns how often each person is right; does with few votes of each.")),
    ("dawid-skene", Way("Dawid–Skene", "Learns what each person mixes up; sides do not matter to it.")),
)
LABEL_METHODS = (
    ("plurality", Way("Most votes", "The label that most people chose.")),
    ("dawid-skene", Way("Dawid–Skene", "Learns which labels each person mixes up; wants some 20 votes of each.")),
    ("one-coin", Way("One coin", "Learns how often each person is right; not where some labels are rare.")),
)
WEIGHTINGS = (
    (Campaign.Weighting.RAW, Way("Margin", "Votes ahead: 5, 3 or 1 of five. A model’s trust, times the votes given.")),
    (
        Campaign.Weighting.UNIT,
        Way("Margin ÷ votes", "From 0 to 1, so that questions with unequal numbers of votes compare."),
    ),
    (Campaign.Weighting.CALIBRATED, Way("Calibrated", "2p − 1, where p is how often such an answer is right here.")),
)


def methods_of(kind: str) -> tuple[tuple[str, Way], ...]:
    """The methods for one kind of question."""
    return LABEL_METHODS if kind == Question.Kind.LABEL else METHODS


def method_name(kind: str, method: str, weighting: str) -> str:
    """A method and its weights in words."""
    return f"{dict(methods_of(kind))[method].name}, weights: {dict(WEIGHTINGS)[Campaign.Weighting(weighting)].name}"


def tally_name(method: str) -> str:
    """How triplets were counted in words, as a tally names it: margin/raw. What this version does not know stays so."""
    name, _, weighting = method.partition("/")
    known = name in dict(METHODS) and weighting in Campaign.Weighting.values
    return method_name(Question.Kind.TRIPLET, name, weighting) if known else method


class CountingFields(forms.Form):
    """How votes come to answers and weights. Frozen datasets keep theirs, whatever is chosen later."""

    aggregator = forms.ChoiceField(
        label="Triplets",
        choices=METHODS,
        initial="margin",
        widget=forms.RadioSelect,
        help_text="From votes to answers.",
    )
    weighting = forms.ChoiceField(
        label="Weights",
        choices=WEIGHTINGS,
        initial=Campaign.Weighting.RAW,
        widget=forms.RadioSelect,
        help_text="How much an answer counts in training.",
    )
    label_aggregator = forms.ChoiceField(
        label="Labels",
        choices=LABEL_METHODS,
        initial="plurality",
        widget=forms.RadioSelect,
        help_text="From votes to labels.",
    )
    label_threshold = forms.IntegerField(
        label="Votes that keep a label",
        required=False,
        min_value=1,
        max_value=99,
        help_text="A label is kept where so many people chose it. Empty: more than half of the votes wanted, 3 of 5.",
    )
