"""The standing order on a campaign's Learning page."""

import pytest
from django.urls import reverse

from learning.models import Plan

pytestmark = pytest.mark.django_db
ORDER = {"model": "triplet-vae", "iterations": "500", "selector": "random", "select_count": "40", "automatic": "on"}


def save(client, campaign, **changes):
    return client.post(reverse("learning:plan", args=[campaign.slug]), {**ORDER, **changes}, follow=True)


def test_a_standing_order_is_saved_and_shown(client, alice, campaign):
    client.force_login(alice)
    page = save(client, campaign)
    plan = Plan.objects.get(campaign=campaign)
    assert (plan.model, plan.config, plan.selector, plan.select_count, plan.automatic) == (
        "triplet-vae",
        {"iterations": 500},
        "random",
        40,
        True,
    )
    assert "is followed whenever a round closes" in page.content.decode()
    assert 'value="40"' in page.content.decode()


def test_settings_that_the_form_does_not_show_are_kept_where_the_model_has_them(client, alice, campaign):
    client.force_login(alice)
    Plan.objects.create(campaign=campaign, config={"latent": 5, "iterations": 9, "triplet_batch": 4})
    save(client, campaign, model="vae", iterations="")
    assert Plan.objects.get(campaign=campaign).config == {"latent": 5}
    save(client, campaign, model="pca", iterations="700")
    assert Plan.objects.get(campaign=campaign).config == {"latent": 5}


def test_an_order_that_makes_no_sense_changes_nothing_and_says_why(client, alice, campaign):
    client.force_login(alice)
    page = save(client, campaign, selector="crystal ball")
    assert "Next triplets: Select a valid choice" in page.content.decode()
    assert not Plan.objects.exists()


def test_nobody_else_gives_orders(client, bob, mallory, campaign):
    client.force_login(bob)
    assert save(client, campaign).status_code == 403
    client.force_login(mallory)
    assert save(client, campaign).status_code == 404
    assert not Plan.objects.exists()
