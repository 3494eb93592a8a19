"""An answer as the voting page sends it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4


def answer(item: dict[str, Any] | int, answer: str = "left", **changes: Any) -> dict[str, Any]:
    where = {"question": item} if isinstance(item, int) else {"question": item["question"], "place": item["place"]}
    return {**where, "answer": answer, "response_ms": 812, "client_id": str(uuid4()), **changes}
