"""Pictures and shapes of stimuli: what is sent, how long it may be kept, and to whom."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from annotation.formats.stimuli.meshes import unpack
from annotation.models import Campaign, Collection, Participation, Round, Stimulus, Worker
from annotation.services.collections import collection_get, stimuli_import
from annotation.views.voter import GUEST_KEY

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0.5\nv 0 1 0\nf 1 2 3 4\n"


def address(stimulus: Stimulus, name: str = "stimulus") -> str:
    return reverse(f"annotation:{name}", args=[stimulus.pk, stimulus.sha256[:12]])


@pytest.fixture
def everything(alice: Any, tmp_path: Path) -> Collection:
    """One stimulus of each kind."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "m.obj").write_text(SQUARE)
    np.save(folder / "l.npy", np.arange(12, dtype=np.float32).reshape(4, 3))
    (folder / "all.csv").write_text(
        "id,text,features,kind\nmesh,,m.obj,\npoints,,m.obj,points\nlandmarks,,l.npy,\ntext,Hello <b>,,\n"
    )
    collection = collection_get(owner=alice, name="Kinds")
    stimuli_import(collection=collection, path=folder / "all.csv")
    return collection


@pytest.mark.parametrize(("key", "triangles"), [("mesh", 2), ("points", 0), ("landmarks", 0)])
def test_a_shape_is_sent_in_the_compact_form(
    client: Client, alice: Any, everything: Collection, key: str, triangles: int
):
    client.force_login(alice)
    stimulus = everything.stimuli.get(key=key)
    response = client.get(address(stimulus, "stimulus-shape"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/octet-stream")
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["ETag"] == f'"{stimulus.sha256}"'
    assert struct.unpack_from("<4sII", response.content) == (b"SMB1", 4, triangles)
    vertices, corners = unpack(response.content)
    assert (len(vertices), len(corners)) == (4, triangles)


def test_points_in_a_plane_lie_at_depth_0(client: Client, alice: Any, tmp_path: Path):
    np.save(tmp_path / "flat.npy", np.arange(6, dtype=np.float32).reshape(3, 2))
    flat = collection_get(owner=alice, name="Flat")
    stimuli_import(collection=flat, path=tmp_path)
    client.force_login(alice)
    vertices, _ = unpack(client.get(address(flat.stimuli.get(), "stimulus-shape")).content)
    np.testing.assert_array_equal(vertices, [[0, 1, 0], [2, 3, 0], [4, 5, 0]])


def test_what_has_no_shape_is_not_found(client: Client, alice: Any, everything: Collection, tmp_path: Path):
    client.force_login(alice)
    text, mesh = everything.stimuli.get(key="text"), everything.stimuli.get(key="mesh")
    assert client.get(address(text, "stimulus-shape")).status_code == 404
    default_storage.delete(mesh.mesh)
    assert client.get(address(mesh, "stimulus-shape")).status_code == 404
    assert client.get(address(mesh)).status_code == 404
    np.save(tmp_path / "vector.npy", np.zeros(7, dtype=np.float32))
    vectors = collection_get(owner=alice, name="Vectors")
    manifest = tmp_path / "vectors.csv"
    manifest.write_text("id,features\nv,vector.npy\n")
    stimuli_import(collection=vectors, path=manifest)
    assert client.get(address(vectors.stimuli.get(), "stimulus-shape")).status_code == 404


def test_every_kind_has_a_picture_that_runs_nothing(client: Client, alice: Any, everything: Collection):
    client.force_login(alice)
    for stimulus in everything.stimuli.all():
        response = client.get(address(stimulus))
        assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml"), stimulus.key
        assert "sandbox" in response["Content-Security-Policy"]
        names = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(response.content).iter()}
        assert names <= {"svg", "rect", "path", "circle", "g", "text"}
    assert b"Hello &lt;b&gt;" in client.get(address(everything.stimuli.get(key="text"))).content


def test_an_address_holds_for_its_content_alone(client: Client, alice: Any, everything: Collection):
    client.force_login(alice)
    stimulus = everything.stimuli.get(key="mesh")
    for name in ("stimulus", "stimulus-shape"):
        assert client.get(reverse(f"annotation:{name}", args=[stimulus.pk, "0" * 12])).status_code == 404
        assert client.post(address(stimulus, name)).status_code == 405


@pytest.fixture
def shown(open_round: Round) -> Stimulus:
    """A stimulus with a shape that an open campaign asks about."""
    return open_round.questions.first().reference


NAMES = ("stimulus", "stimulus-shape")


def statuses(client: Client, stimulus: Stimulus) -> list[int]:
    return [client.get(address(stimulus, name)).status_code for name in NAMES]


def guest(client: Client, campaign: Campaign) -> Worker:
    """As the invitation link does."""
    worker = Worker.objects.create(channel="guest", external_id=f"g-{campaign.pk}-{Worker.objects.count()}")
    Participation.objects.create(campaign=campaign, worker=worker)
    session = client.session
    session[GUEST_KEY] = {**session.get(GUEST_KEY, {}), str(campaign.pk): worker.pk}
    session.save()
    return worker


def test_strangers_find_nothing_and_are_not_led_to_the_sign_in_page(client: Client, shown: Stimulus):
    assert statuses(client, shown) == [404, 404]
    Campaign.objects.update(access=Campaign.Access.GUESTS)
    assert statuses(client, shown) == [404, 404]


def test_a_guest_sees_what_their_campaign_asks_about_while_it_does(client: Client, shown: Stimulus, open_round: Round):
    campaign = open_round.campaign
    Campaign.objects.update(access=Campaign.Access.GUESTS)
    guest(client, campaign)
    assert statuses(client, shown) == [200, 200]
    for closed in ({"status": Campaign.Status.PAUSED}, {"access": Campaign.Access.INVITED}):
        before = {name: getattr(campaign, name) for name in closed} | {"access": Campaign.Access.GUESTS}
        Campaign.objects.update(**closed)
        assert statuses(client, shown) == [404, 404], closed
        Campaign.objects.update(**before)
    Round.objects.update(status=Round.Status.CLOSED)
    assert statuses(client, shown) == [404, 404]


def test_a_guest_of_one_campaign_sees_nothing_of_another_collection(
    client: Client, shown: Stimulus, open_round: Round, everything: Collection
):
    Campaign.objects.update(access=Campaign.Access.GUESTS)
    guest(client, open_round.campaign)
    assert statuses(client, everything.stimuli.get(key="mesh")) == [404, 404]


def test_a_guest_key_of_nobody_opens_nothing(client: Client, shown: Stimulus, open_round: Round):
    Campaign.objects.update(access=Campaign.Access.GUESTS)
    guest(client, open_round.campaign)
    Participation.objects.all().delete()
    Worker.objects.filter(channel="guest").delete()
    assert statuses(client, shown) == [404, 404]


def test_an_invited_person_sees_it_and_another_signed_in_one_does_not(
    client: Client, shown: Stimulus, open_round: Round, bob: Any, carol: Any
):
    from annotation.services.workers import worker_for_user

    Campaign.objects.update(access=Campaign.Access.INVITED)
    Participation.objects.create(campaign=open_round.campaign, worker=worker_for_user(user=bob))
    for user, expected in ((bob, [200, 200]), (carol, [404, 404])):
        client.force_login(user)
        assert statuses(client, shown) == expected


def test_only_owners_and_admins_see_what_nobody_is_asked_about(
    client: Client, everything: Collection, alice: Any, bob: Any, mallory: Any, admin: Any
):
    stimulus = everything.stimuli.get(key="mesh")
    for user, expected in ((alice, 200), (admin, 200), (bob, 404), (mallory, 404)):
        client.force_login(user)
        assert statuses(client, stimulus) == [expected] * 2
