"""Triplets as Parquet, with the dataset's manifest as metadata of the file under the key "semblance"."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

import numpy as np

from annotation.formats.errors import FormatError
from annotation.formats.exports.table import COLUMNS, TEXTS, TripletTable
from annotation.formats.frozen import SPLITS
from annotation.formats.triplet_blocks import Triplets

MANIFEST_KEY = b"semblance"
_FILE = "triplets.parquet"


def _schema() -> Any:
    import pyarrow as pa

    kinds = {name: pa.string() for name in TEXTS} | {"weight": pa.float32(), "round": pa.int32()}
    return pa.schema([pa.field(name, kinds.get(name, pa.int16()), nullable=False) for name in COLUMNS])


class ParquetExport:
    """One row group a block; stimuli by id."""

    media_type = "application/vnd.apache.parquet"
    extension = ".parquet"

    def write(self, dataset: Triplets, out: BinaryIO) -> None:
        """Write all triplets, block by block.

        Args:
            dataset: What to write.
            out: Where to.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        manifest = json.dumps(dataset.manifest, sort_keys=True, ensure_ascii=False).encode()
        schema = _schema().with_metadata({MANIFEST_KEY: manifest})
        ids, splits = pa.array(dataset.stimuli.tolist(), pa.string()), pa.array(SPLITS, pa.string())
        with pq.ParquetWriter(out, schema, compression="zstd") as writer:
            for block in dataset.blocks():
                columns = [ids.take(pa.array(np.ascontiguousarray(column))) for column in block.triplets.T]
                columns += [
                    pa.array(block.weight),
                    pa.array(block.margin),
                    pa.array(block.votes_nearer),
                    pa.array(block.votes_farther),
                    splits.take(pa.array(block.triplet_split)),
                    pa.array(block.rounds),
                ]
                writer.write_table(pa.Table.from_arrays(columns, schema=schema))

    def read(self, source: BinaryIO) -> TripletTable:
        """The triplets of such a file.

        Args:
            source: The file.

        Raises:
            FormatError: If it is not such a file.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(source)
        except (pa.ArrowException, OSError) as error:
            raise FormatError("The file is not readable Parquet.", file=_FILE) from error
        if not table.schema.equals(_schema()):
            raise FormatError(f"The columns are not {', '.join(COLUMNS)} of the right types.", file=_FILE)
        columns: dict[str, Any] = {name: table[name].to_numpy() for name in COLUMNS if name not in TEXTS}
        columns |= {name: np.array(table[name].to_pylist(), dtype=np.str_) for name in TEXTS}
        return TripletTable(**columns)


def read_manifest(source: BinaryIO) -> dict[str, object]:
    """The manifest of an exported file.

    Args:
        source: The file.

    Raises:
        FormatError: If the file holds none.
    """
    import pyarrow.parquet as pq

    metadata = pq.read_schema(source).metadata or {}
    if MANIFEST_KEY not in metadata:
        raise FormatError("The file holds no manifest.", file=_FILE, field=MANIFEST_KEY.decode())
    manifest: dict[str, object] = json.loads(metadata[MANIFEST_KEY])
    return manifest
