"""A campaign's answers as files, sent while they are read: no export is larger in memory than its next rows."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from accounts.permissions import researcher_required
from annotation.formats.exports.csv_file import guard
from annotation.selectors.vote_export import ANSWER_COLUMNS, answer_json, answers_of, label_columns, label_results
from annotation.views.doorway import campaign_or_404

# Rows that go out together: one at a time would cost more in passing them on than in making them.
_TOGETHER = 200


@require_GET
@researcher_required
def votes_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    campaign = campaign_or_404(request, slug)
    rows = ([getattr(row, name) for name in ANSWER_COLUMNS] for row in answers_of(campaign))
    return _file(_csv(ANSWER_COLUMNS, rows), f"{slug}-votes.csv", "text/csv; charset=utf-8")


@require_GET
@researcher_required
def votes_jsonl(request: HttpRequest, slug: str) -> HttpResponseBase:
    campaign = campaign_or_404(request, slug)
    lines = (json.dumps(answer_json(row), ensure_ascii=False) + "\n" for row in answers_of(campaign))
    return _file(_joined(lines), f"{slug}-votes.jsonl", "application/jsonl; charset=utf-8")


@require_GET
@researcher_required
def labels_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    campaign = campaign_or_404(request, slug)
    rows = label_results(campaign)
    return _file(_csv(label_columns(campaign), rows), f"{slug}-labels.csv", "text/csv; charset=utf-8")


def _file(content: Iterator[bytes], filename: str, content_type: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    return _joined(_line(cells) for cells in chain([columns], rows))


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_cell(value) for value in cells])
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    # Numbers can begin with a minus, and are what they look like.
    return str(value) if isinstance(value, int | float) else guard(str(value))


def _joined(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines in pieces of some hundred; the first line goes out alone, so that the download begins at once."""
    waiting: list[str] = []
    first = True
    for line in lines:
        waiting.append(line)
        if first or len(waiting) == _TOGETHER:
            yield "".join(waiting).encode()
            waiting.clear()
            first = False
    if waiting:
        yield "".join(waiting).encode()
