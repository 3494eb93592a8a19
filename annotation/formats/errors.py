"""The one error of everything that reads or writes files for people."""

from __future__ import annotations


class FormatError(ValueError):
    """Something in a file is wrong; its text is one sentence that says what and where.

    Rows are counted as a spreadsheet or an editor shows them: the header of a CSV file is row 1, the first line of a
    JSONL file is row 1.

    Args:
        message: What is wrong, ending in a full stop.
        file: Name of the file as the user knows it, or "".
        row: Row or line in the file, from 1, or None.
        field: Name of the column or field, or "".
    """

    def __init__(self, message: str, *, file: str = "", row: int | None = None, field: str = "") -> None:
        super().__init__(message, file, row, field)
        self.message = message
        self.file = file
        self.row = row
        self.field = field

    def __str__(self) -> str:
        row = "" if self.row is None else f"row {self.row}"
        field = f'field "{self.field}"' if self.field else ""
        where = ", ".join(part for part in (self.file, row, field) if part)
        return f"{where}: {self.message}" if where else self.message

    def at(self, *, file: str, row: int | None = None, field: str = "") -> FormatError:
        """The same complaint as seen from the manifest that named the bad file.

        Args:
            file: Name of the outer file.
            row: Row of the outer file that led here.
            field: Field of the outer file that led here.
        """
        return FormatError(str(self), file=file, row=row, field=field)
