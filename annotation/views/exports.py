"""A campaign's answers as files, sent while they are read: no export is larger in memory than its next rows."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, BinaryIO, cast

from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from accounts.permissions import researcher_required
from annotation.formats.answers.table import ANSWER_COLUMNS
from annotation.formats.exports.arrow_text import csv_header, csv_lines, json_lines
from annotation.formats.exports.csv_file import guard
from annotation.formats.registry import load_answers
from annotation.selectors.vote_export import CampaignAnswers, label_columns, label_results
from annotation.views.doorway import campaign_or_404

# Rows that go out together: one at a time would cost more in passing them on than in making them.
_TOGETHER = 200


@require_GET
@researcher_required
def votes_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    answers = CampaignAnswers(campaign_or_404(request, slug))
    content = chain([csv_header(ANSWER_COLUMNS)], map(csv_lines, answers.blocks()))
    return _file(content, f"{slug}-votes.csv", "text/csv; charset=utf-8")


@require_GET
@researcher_required
def votes_jsonl(request: HttpRequest, slug: str) -> HttpResponseBase:
    answers = CampaignAnswers(campaign_or_404(request, slug))
    return _file(map(json_lines, answers.blocks()), f"{slug}-votes.jsonl", "application/jsonl; charset=utf-8")


@require_GET
@researcher_required
def votes_parquet(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A file with its table of contents at the end: made whole on the disk, then sent."""
    campaign = campaign_or_404(request, slug)
    out = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
    try:
        load_answers("votes-parquet").write(CampaignAnswers(campaign), cast(BinaryIO, out))
    except BaseException:
        out.close()
        raise
    out.seek(0)
    filename = f"{slug}-votes.parquet"
    response = FileResponse(out, as_attachment=True, filename=filename, content_type="application/vnd.apache.parquet")
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_GET
@researcher_required
def labels_csv(request: HttpRequest, slug: str) -> HttpResponseBase:
    campaign = campaign_or_404(request, slug)
    rows = label_results(campaign)
    return _file(_csv(label_columns(campaign), rows), f"{slug}-labels.csv", "text/csv; charset=utf-8")


def _file(content: Iterable[bytes], filename: str, content_type: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "X-Content-Type-Options": "nosniff"}
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
