"""Encoders written as ONNX, run by onnxruntime, give the codes that the models give."""

import numpy as np
import pytest

from learning import registry
from learning.training.onnx import export_encoder
from learning.training.session import embed, load_embedding
from tests.learning.training.world import SHORT, tiny_data, train


@pytest.mark.parametrize("name", registry.EMBEDDINGS)
def test_an_exported_encoder_gives_the_same_codes_elsewhere(name, tmp_path):
    import onnx
    import onnxruntime

    train(name, tmp_path)
    data = tiny_data()
    embedding = load_embedding(name, SHORT[name], tmp_path / "best.safetensors")
    export_encoder(embedding, data.mean, tmp_path / "encoder.onnx")
    onnx.checker.check_model(str(tmp_path / "encoder.onnx"))
    assert len(list(tmp_path.glob("encoder*"))) == 1, "one file, no weights beside it"
    session = onnxruntime.InferenceSession(str(tmp_path / "encoder.onnx"), providers=["CPUExecutionProvider"])
    raw = data.features + data.mean
    feeds = {"features": raw}
    if embedding.needs_neutral:
        feeds["neutral"] = raw[data.neutral]
    expected = embed(embedding, data).mean
    for rows in (slice(0, 1), slice(0, 7), slice(None)):  # any number of them
        (codes,) = session.run(["embedding"], {key: value[rows] for key, value in feeds.items()})
        np.testing.assert_allclose(codes, expected[rows], rtol=1e-4, atol=1e-5)
