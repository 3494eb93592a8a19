"""Datasets over HTTP: ranges, rights, tokens, and the form that freezes."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken
from accounts.tokens import token_create
from annotation.models import Dataset
from tests.factories import closed_round


@pytest.fixture
def dataset(campaign: Any) -> Dataset:
    return closed_round(campaign)[1]


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_parts_of_a_file_are_those_of_the_whole(dataset: Dataset, alice: Any, client: Client) -> None:
    client.force_login(alice)
    address = f"/datasets/{dataset.pk}/csv/"
    whole = client.get(address)
    data = body(whole)
    size, etag = len(data), f'"{hashlib.sha256(data).hexdigest()}"'
    assert (whole["ETag"], whole["Accept-Ranges"]) == (etag, "bytes")
    for asked, part in (
        ("bytes=0-9", data[:10]),
        (f"bytes=10-{size + 500}", data[10:]),
        ("bytes=100-", data[100:]),
        ("bytes=-7", data[-7:]),
        (f"bytes=-{size * 2}", data),
    ):
        response = client.get(address, headers={"Range": asked})
        assert (response.status_code, body(response)) == (206, part), asked
        start = size - len(part) if asked != "bytes=0-9" else 0
        assert response["Content-Range"] == f"bytes {start}-{start + len(part) - 1}/{size}"
        assert response["Content-Length"] == str(len(part))
    for asked in (f"bytes={size}-", "bytes=-0"):
        response = client.get(address, headers={"Range": asked})
        assert (response.status_code, response["Content-Range"], body(response)) == (416, f"bytes */{size}", b"")
    for asked in ("bytes=9-3", "bytes=-", "lines=0-3", "bytes=0-1,5-6", "bytes=x-"):
        response = client.get(address, headers={"Range": asked})
        assert (response.status_code, body(response)) == (200, data), asked


def test_a_download_is_resumed_only_where_the_content_is_the_same(dataset: Dataset, alice: Any, client: Client) -> None:
    client.force_login(alice)
    address = f"/datasets/{dataset.pk}/jsonl/"
    whole = client.get(address)
    data, etag = body(whole), whole["ETag"]
    same = client.get(address, headers={"Range": "bytes=50-", "If-Range": etag})
    assert data[:50] + body(same) == data
    other = client.get(address, headers={"Range": "bytes=50-", "If-Range": '"other"'})
    assert (other.status_code, body(other)) == (200, data)
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    head = client.head(address, headers={"Range": "bytes=50-"})
    assert (head.status_code, head["Content-Length"]) == (200, str(len(data)))


def test_the_pages_of_a_dataset_are_its_owners_and_admins(
    dataset: Dataset, alice: Any, bob: Any, mallory: Any, admin: Any, client: Client
) -> None:
    addresses = [
        f"/datasets/{dataset.pk}/",
        *(f"/datasets/{dataset.pk}/{name}/" for name in ("csv", "salmon", "bundle")),
    ]
    assert [client.get(one).status_code for one in addresses] == [302] * 4
    for user, status in ((alice, 200), (admin, 200), (mallory, 404), (bob, 403)):
        client.force_login(user)
        for one in addresses:
            response = client.get(one)
            assert response.status_code == status, (user, one)
            body(response)
    client.force_login(alice)
    assert client.get(f"/datasets/{dataset.pk}/exe/").status_code == 404
    page = client.get(addresses[0]).content.decode()
    assert dataset.content_sha256 in page
    assert hashlib.sha256(body(client.get(addresses[1]))).hexdigest()[:12] in page


def test_the_form_freezes_a_selection(dataset: Dataset, alice: Any, client: Client) -> None:
    client.force_login(alice)
    address = f"/campaigns/{dataset.campaign.slug}/datasets/"
    given = {"splits": ["0"], "min_margin": "3", "method": "margin/raw", "licence": " CC-BY-4.0 "}
    response = client.post(address, given)
    made = Dataset.objects.first()
    assert made is not None
    assert response["Location"] == f"/datasets/{made.pk}/"
    assert (made.licence, made.manifest["selection"]["splits"]) == ("CC-BY-4.0", ["train"])
    assert made.triplets < dataset.triplets
    for wrong, why in (
        ({"rounds": ["9"]}, "Select a valid choice"),
        ({"min_margin": "-1"}, "greater than or equal to 0"),
    ):
        assert why in client.post(address, {**given, **wrong}).content.decode()
    empty = client.post(address, {**given, "min_margin": "50"}, follow=True).content.decode()
    assert "there is nothing to freeze" in empty
    assert Dataset.objects.count() == 2
    live = client.get(f"/campaigns/{dataset.campaign.slug}/triplets/csv/")
    assert body(live) == body(client.get(f"/datasets/{dataset.pk}/csv/"))
    assert client.get(f"/campaigns/{dataset.campaign.slug}/triplets/npz/").status_code == 404


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_reads_what_its_owner_may_read(
    dataset: Dataset, alice: Any, bob: Any, mallory: Any, admin: Any, client: Client
) -> None:
    addresses = ["", f"{dataset.pk}/", f"{dataset.pk}/files/csv/"]
    for user, expected in (
        (alice, [200, 200, 200]),
        (admin, [200, 200, 200]),
        (mallory, [200, 404, 404]),
        (bob, [403, 403, 403]),
    ):
        headers = bearer(token_create(user=user, days=1)[1])
        found = [client.get(f"/api/v1/datasets/{one}", headers=headers) for one in addresses]
        assert [one.status_code for one in found] == expected
        [body(one) for one in found]
        if user is mallory:
            assert found[0].json() == {"datasets": [], "next": None}
        if user is alice:
            assert [one["id"] for one in found[0].json()["datasets"]] == [dataset.pk]
            said = found[1].json()
            assert said["manifest"] == dataset.manifest
            assert said["files"]["csv"]["url"].endswith(f"/api/v1/datasets/{dataset.pk}/files/csv/")
            assert client.get(f"/api/v1/datasets/{dataset.pk}/files/exe/", headers=headers).status_code == 404
            part = client.get(f"/api/v1/datasets/{addresses[2]}", headers={**headers, "Range": "bytes=0-5"})
            assert (part.status_code, body(part)) == (206, b"anchor")
            things = client.get(f"/api/v1/datasets/{dataset.pk}/files/things/", headers=headers)
            assert (things.status_code, "odd-one-out" in things.json()["message"]) == (400, True)


def test_the_list_goes_on_where_it_ends(dataset: Dataset, alice: Any, client: Client, monkeypatch: Any) -> None:
    from annotation.api import datasets as api
    from annotation.services.datasets import dataset_freeze

    monkeypatch.setattr(api, "_PAGE", 2)
    made = [dataset, *(dataset_freeze(campaign=dataset.campaign, licence=name) for name in "abcd")]
    headers, address, seen = bearer(token_create(user=alice, days=1)[1]), "/api/v1/datasets/", []
    while address:
        page = client.get(address, headers=headers).json()
        seen += [one["id"] for one in page["datasets"]]
        address = page["next"]
    assert seen == [one.pk for one in reversed(made)]
    assert client.get("/api/v1/datasets/?before=x", headers=headers).status_code == 400


def test_nothing_but_a_token_that_lives_opens_the_api(dataset: Dataset, alice: Any, client: Client) -> None:
    row, token = token_create(user=alice, days=1)
    address = "/api/v1/datasets/"
    assert client.get(address, headers=bearer(token)).status_code == 200
    for headers in ({}, bearer(token[:-1]), bearer(row.sha256), {"Authorization": f"Basic {token}"}, bearer("")):
        response = client.get(address, headers=headers)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    client.force_login(alice)
    assert client.get(address).status_code == 401, "a session is no token"
    assert client.post(address, headers=bearer(token)).status_code == 405
    strangers = Client().get(f"/campaigns/{dataset.campaign.slug}/", headers=bearer(token))
    assert strangers.status_code == 302, "and a token opens no page"
    ApiToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert client.get(address, headers=bearer(token)).status_code == 401
    ApiToken.objects.update(expires=timezone.now() + timedelta(days=1))
    alice.is_active = False
    alice.save()
    assert client.get(address, headers=bearer(token)).status_code == 401


def test_a_token_is_printed_once_and_kept_as_a_hash(alice: Any, capsys: Any, caplog: Any) -> None:
    call_command("token_create", "alice", "--days", "7", "--name", "notebook")
    token = capsys.readouterr().out.split()[0]
    row = ApiToken.objects.get()
    assert row.sha256 == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(list(ApiToken.objects.values())) + caplog.text
    assert timedelta(days=6.9) < row.expires - timezone.now() < timedelta(days=7.1)
    for wrong, why in ((["nobody"], "no user 'nobody'"), (["alice", "--days", "0"], "1 to 366 days")):
        with pytest.raises(CommandError, match=why):
            call_command("token_create", *wrong)
