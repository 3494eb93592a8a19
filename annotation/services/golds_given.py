"""Known questions that a researcher gives: checked row by row, all or nothing."""

from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from annotation.errors import ImportRefused
from annotation.formats.errors import FormatError
from annotation.formats.gold_file import GoldRow, read_gold
from annotation.models import Campaign, Question, Split, Stimulus
from annotation.services.golds import label_known, triplet_known


def golds_import(*, campaign: Campaign, data: bytes, file: str, role: Question.Role = Question.Role.GOLD) -> int:
    """Take a file of known questions; returns how many. A file that is refused leaves nothing behind.

    Args:
        campaign: Whose questions they become.
        data: A CSV file, see annotation/formats/gold_file.py.
        file: Its name, for messages.
        role: What they are for: gold or practice.

    Raises:
        ImportRefused: A row makes no sense, or its question is in the campaign already; the sentence names the row.
    """
    try:
        rows = read_gold(data, file=file)
        questions = _Reader.open(campaign, rows, file, role).read(rows)
    except FormatError as wrong:
        raise ImportRefused(str(wrong)) from wrong
    try:
        with transaction.atomic():
            Question.objects.bulk_create(questions, batch_size=1000)
    except IntegrityError:
        raise ImportRefused("The campaign has just been given one of these questions; look again.") from None
    return len(questions)


@dataclass
class _Reader:
    """One file being checked against its campaign."""

    campaign: Campaign
    file: str
    role: Question.Role
    stimuli: dict[str, tuple[int, int]]  # by key: primary key and split
    asked: set[tuple[int, int | None, int | None]]
    choices: dict[str, str]
    rows_of: dict[tuple[int, int | None, int | None], int] = field(default_factory=dict)

    @classmethod
    def open(cls, campaign: Campaign, rows: list[GoldRow], file: str, role: Question.Role) -> "_Reader":
        named = {key for row in rows for key in (row.reference, row.a, row.b)}
        found: dict[str, tuple[int, int]] = {}
        ordered = sorted(named)
        for start in range(0, len(ordered), 500):
            part = Stimulus.objects.filter(collection=campaign.collection_id, key__in=ordered[start : start + 500])
            found |= {key: (pk, split) for key, pk, split in part.values_list("key", "pk", "split")}
        keys = {pk for pk, _ in found.values()}
        asked: set[tuple[int, int | None, int | None]] = set()
        for reference, a, b in campaign.questions.values_list("reference", "a", "b").iterator():
            if reference in keys:
                asked.add((reference, a, b))
        return cls(
            campaign, file, role, found, asked,
            {choice.strip().casefold(): str(at) for at, choice in enumerate(campaign.choices)},
        )  # fmt: skip

    def read(self, rows: list[GoldRow]) -> list[Question]:
        return [self._triplet(row) if row.a else self._label(row) for row in rows]

    def _triplet(self, row: GoldRow) -> Question:
        if self.campaign.kind == Campaign.Kind.LABEL:
            raise self._wrong(row, "The campaign asks for labels only.")
        (reference, split), (a, split_a), (b, split_b) = (self._stimulus(row, name) for name in ("reference", "a", "b"))
        if len({reference, a, b}) < 3:
            raise self._wrong(row, "A triplet has three different stimuli.")
        if {split_a, split_b} != {split}:
            raise self._wrong(row, "The three stimuli are not of one split.")
        self._new(row, (reference, min(a, b), max(a, b)))
        near, far = (a, b) if row.answer == "a" else (b, a)
        return triplet_known(self.campaign, self.role, Split(split), reference, near, far)

    def _label(self, row: GoldRow) -> Question:
        if self.campaign.kind == Campaign.Kind.TRIPLET:
            raise self._wrong(row, "The campaign asks for no labels.")
        stimulus, split = self._stimulus(row, "reference", column="stimulus")
        choice = self.choices.get(row.answer.casefold())
        if choice is None:
            raise self._wrong(row, f"{row.answer!r} is not one of {', '.join(self.campaign.choices)}.", "answer")
        self._new(row, (stimulus, None, None))
        return label_known(self.campaign, self.role, Split(split), stimulus, choice)

    def _stimulus(self, row: GoldRow, name: str, column: str = "") -> tuple[int, int]:
        key = getattr(row, name)
        if key not in self.stimuli:
            raise self._wrong(row, f"The collection has no stimulus {key!r}.", column or name)
        return self.stimuli[key]

    def _new(self, row: GoldRow, question: tuple[int, int | None, int | None]) -> None:
        if question in self.asked:
            raise self._wrong(row, "The campaign has this question already.")
        if question in self.rows_of:
            raise self._wrong(row, f"The question is that of row {self.rows_of[question]}.")
        self.rows_of[question] = row.row

    def _wrong(self, row: GoldRow, sentence: str, column: str = "") -> FormatError:
        return FormatError(sentence, file=self.file, row=row.row, field=column)
