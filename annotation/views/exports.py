"""A campaign's answers as files, sent while they are read: no export is larger in memory than its next rows."""

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET

from accounts.permissions import researcher_required
from annotation.formats.answers.plain import CsvAnswers, JsonlAnswers, ParquetAnswers
from annotation.formats.exports.csv_file import guard
from annotation.selectors.vote_export import CampaignAnswers, label_columns, label_results
from annotation.views.doorway import campaign_or_404
from annotation.views.downloads import made_send

# Rows that go out together: one at a time would cost more in passing them on than in making them.
_TOGETHER = 200


@require_GET
@researcher_required
def votes_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    answers = CampaignAnswers(campaign_or_404(request, slug))
    return _file(CsvAnswers().pieces(answers), f"{slug}{CsvAnswers.extension}", CsvAnswers.media_type)


@require_GET
@researcher_required
def votes_jsonl(request: HttpRequest, slug: str) -> HttpResponseBase:
    answers = CampaignAnswers(campaign_or_404(request, slug))
    return _file(JsonlAnswers().pieces(answers), f"{slug}{JsonlAnswers.extension}", JsonlAnswers.media_type)


@require_GET
@researcher_required
def votes_parquet(request: HttpRequest, slug: str) -> HttpResponseBase:
    answers = CampaignAnswers(campaign_or_404(request, slug))
    return made_send(
        lambda out: ParquetAnswers().write(answers, out),
        filename=f"{slug}{ParquetAnswers.extension}",
        media_type=ParquetAnswers.media_type,
    )


@require_GET
@researcher_required
def labels_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    campaign = campaign_or_404(request, slug)
    rows = label_results(campaign)
    return _file(_csv(label_columns(campaign), rows), f"{slug}-labels.csv", "text/csv; charset=utf-8")


def _file(content: Iterable[bytes], filename: str, content_type: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": content_disposition_header(True, filename) or ""}
    return StreamingHttpResponse(content, content_type=content_type, headers=headers)


def _csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    return _joined(_line(cells) for cells in chain([columns], rows))


def _line(cells: Iterable[Any]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow([_cell(value) for value in cells])
    return out.getvalue()


def _cell(value: Any) -> str:
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
