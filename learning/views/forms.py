"""The form that starts a training."""

from typing import Any

from django import forms

from annotation.models import Campaign, Dataset
from learning.registry import EMBEDDINGS, LABELS, default_config


class RunForm(forms.Form):
    """Model, data and seed; every other setting has the paper's default."""

    model = forms.ChoiceField(choices=[(name, LABELS[name]) for name in EMBEDDINGS], initial="triplet-vae")
    dataset = forms.ModelChoiceField(Dataset.objects.none(), empty_label=None)
    iterations = forms.IntegerField(
        required=False, min_value=1, max_value=10_000_000, help_text="Empty: the model's own number."
    )
    seed = forms.IntegerField(min_value=0, max_value=2**31 - 1, initial=0)
    config = forms.JSONField(
        label="Other settings",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": '{"latent": 30}'}),
        help_text="Only what differs from the defaults, as JSON.",
    )
    select_after = forms.BooleanField(label="Propose the next round when it is done", required=False)

    def __init__(self, *args: Any, campaign: Campaign, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dataset = self.fields["dataset"]
        assert isinstance(dataset, forms.ModelChoiceField)  # noqa: S101  (tells the type checker)
        dataset.queryset = Dataset.objects.filter(campaign=campaign)

    def clean_config(self) -> dict[str, Any]:
        config = self.cleaned_data["config"]
        if config is None:
            return {}
        if not isinstance(config, dict):
            raise forms.ValidationError('Give the settings as a JSON object, such as {"latent": 30}.')
        return config

    def settings(self) -> dict[str, Any]:
        """The settings of the run; models without iterations are not given any."""
        config: dict[str, Any] = dict(self.cleaned_data["config"])
        iterations = self.cleaned_data["iterations"]
        if iterations is not None and "iterations" in default_config(self.cleaned_data["model"]):
            config["iterations"] = iterations
        return config
