"""What an import of votes came to, in sentences."""

from collections.abc import Iterator

from annotation.services.vote_imports import VoteImport

# What is said of each count that is not 0, in this order.
_SENTENCES = {
    "checks": "answers to {check_questions:,} checks (a candidate is the reference itself) kept as attention checks",
    "repeated": "answers to a question that the worker had answered already: kept, not counted",
    "cant_tell": "of the answers could not tell",
    "unknown_worker": "answers of people the file does not name: figures of single workers mean nothing there",
    "unknown_side": "answers without the side that was shown",
    "unknown_times": "answers without a response time, kept as 0",
    "negative_times": "negative response times, kept as 0",
    "long_times": "response times of over a day, kept as one day",
    "both_splits": "questions in more than one split, taken for the first of train, validation, test",
}


def report_lines(found: VoteImport) -> Iterator[str]:
    """The report, a line each.

    Args:
        found: What the import came to.
    """
    counts = found.counts
    read = counts["answers"] + sum(found.left_out.values())
    yield (
        f"{found.campaign.name} ({found.campaign.slug}): {counts['votes']:,} votes of {found.workers:,} workers on "
        f"{counts['questions']:,} questions about {found.stimuli:,} stimuli, from {read:,} answers ({found.format})."
    )
    if found.made:
        yield f"{found.made:,} stimuli made in the collection {found.campaign.collection.name}."
    for name, sentence in _SENTENCES.items():
        if counts[name]:
            yield f"{counts[name]:,} {sentence.format(**counts)}."
    for reason, count in found.left_out.items():
        yield f"{count:,} left out: {reason}."
    if found.dataset is not None:
        yield f"Dataset {found.dataset.pk}: {found.dataset.triplets:,} triplets, sha256 {found.dataset.content_sha256}."
