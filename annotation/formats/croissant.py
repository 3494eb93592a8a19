"""Croissant 1.0: what a bundle is and what is in its tables, as JSON-LD that data set search and loaders read.

Source: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
_CR = (
    *("citeAs", "column", "extract", "field", "fileProperty", "fileObject", "fileSet", "format", "includes"),
    *("isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "separator", "source", "subField", "transform"),
)
_CONTEXT: dict[str, object] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "equivalentProperty": "cr:equivalentProperty",
    "samplingRate": "cr:samplingRate",
    **{name: f"cr:{name}" for name in _CR},
}


@dataclass(frozen=True)
class TableFile:
    """A CSV file of a bundle.

    Attributes:
        name: Such as triplets.csv.
        sha256: Of its bytes.
        size: In bytes.
        columns: Name to (type of schema.org without its prefix, what it holds).
        key: The column that names a row, or "".
        about: One sentence.
    """

    name: str
    sha256: str
    size: int
    columns: Mapping[str, tuple[str, str]]
    key: str
    about: str


def croissant(
    *,
    name: str,
    description: str,
    licence: str,
    creator: str,
    published: str,
    version: str,
    url: str,
    tables: Sequence[TableFile],
) -> dict[str, object]:
    """The metadata of a bundle.

    Args:
        name: Of the dataset.
        description: One or two sentences.
        licence: An SPDX name, an address, or "" where none was given.
        creator: Who made it.
        published: ISO date.
        version: Of the dataset.
        url: Where it is described.
        tables: Its CSV files; they lie beside the metadata.
    """
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": name,
        "description": description,
        "conformsTo": CONFORMS_TO,
        "license": licence_address(licence),
        "creator": {"@type": "sc:Person", "name": creator},
        "datePublished": published,
        "version": version,
        "url": url,
        "citeAs": f"{creator}: {name}, version {version}, {published[:4]}.",
        "isLiveDataset": False,
        "distribution": [_file(table) for table in tables],
        "recordSet": [_records(table) for table in tables],
    }


def licence_address(licence: str) -> str:
    """The address of a licence that SPDX names, or the text itself."""
    if not licence:
        return "None given: all rights reserved"
    return licence if " " in licence or ":" in licence else f"https://spdx.org/licenses/{licence}.html"


def _file(table: TableFile) -> dict[str, object]:
    return {
        "@type": "cr:FileObject",
        "@id": table.name,
        "name": table.name,
        "description": table.about,
        "contentUrl": table.name,
        "contentSize": f"{table.size} B",
        "encodingFormat": "text/csv",
        "sha256": table.sha256,
    }


def _records(table: TableFile) -> dict[str, object]:
    """A table's columns.

    That some hold keys of other tables is said in words. Where fields say so by `references`, mlcroissant joins the
    tables, and cannot where ids look like numbers.
    """
    name = table.name.removesuffix(".csv")
    fields = []
    for column, (kind, about) in table.columns.items():
        field: dict[str, object] = {
            "@type": "cr:Field",
            "@id": f"{name}/{column}",
            "name": column,
            "description": about,
            "dataType": f"sc:{kind}",
            "source": {"fileObject": {"@id": table.name}, "extract": {"column": column}},
        }
        fields.append(field)
    records: dict[str, object] = {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": table.about,
        "field": fields,
    }
    if table.key:
        records["key"] = {"@id": f"{name}/{table.key}"}
    return records
