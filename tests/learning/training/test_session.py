"""Trainings that are killed, cancelled, diverge, or find a checkpoint that is not theirs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from learning.training import checkpoint
from learning.training.progress import Throttle
from learning.training.session import Cancelled, CheckpointError, Diverged, embed, load_embedding, train_embedding
from tests.learning.training.world import NETWORKS, SHORT, ignore, tiny_data, train

ROOT = Path(__file__).parents[3]


def content(path):
    """Tensors and metadata of a checkpoint, without the time that it took."""
    tensors, meta = checkpoint.read(path)
    return tensors, {key: value for key, value in meta.items() if key != "seconds"}


def assert_same_files(first, second):
    for name in ("last.safetensors", "best.safetensors"):
        (tensors, meta), (others, other_meta) = content(first / name), content(second / name)
        assert meta == other_meta
        assert tensors.keys() == others.keys()
        for key, tensor in tensors.items():
            assert torch.equal(tensor, others[key]), f"{key} of {name} differs"


def stop_after(calls):
    """A should_cancel that says yes when asked for the nth time."""
    asked = iter(range(1, 10**6))
    return lambda: next(asked) >= calls


@pytest.fixture
def asked_at_every_step(monkeypatch):
    monkeypatch.setattr(Throttle, "due", lambda self: True)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_cancelled_between_two_checkpoints_and_resumed_equals_an_uninterrupted_one(
    name, tmp_path, asked_at_every_step
):
    whole = train(name, tmp_path / "whole")
    config = SHORT[name] | {"device": "cpu"}
    for step in (8, 35):  # in the middle of an interval between two evaluations, twice
        with pytest.raises(Cancelled, match="was cancelled after"):
            train_embedding(
                name=name,
                config=config,
                data=tiny_data(),
                workdir=tmp_path / "parts",
                on_progress=ignore,
                should_cancel=stop_after(step),
            )
        _, meta = checkpoint.read(tmp_path / "parts" / "last.safetensors")
        assert meta["summed"] > 0
    resumed = train(name, tmp_path / "parts")
    assert np.array_equal(whole.embedding, resumed.embedding)
    assert whole.history == resumed.history
    assert_same_files(tmp_path / "whole", tmp_path / "parts")


def test_a_run_killed_with_kill_9_and_resumed_equals_an_uninterrupted_one(tmp_path):
    """The process kills itself at the evaluation of step 40; its last checkpoint is of step 35."""
    code = """
import os, signal, sys
from pathlib import Path
from learning.training.session import train_embedding
from tests.learning.training.world import SHORT, tiny_data

def die_at_40(progress):
    if progress.iteration == 40:
        os.kill(os.getpid(), signal.SIGKILL)

config = SHORT["triplet-vae"] | {"device": "cpu", "checkpoint_every": 7}
train_embedding(name="triplet-vae", config=config, data=tiny_data(), workdir=Path(sys.argv[1]),
                on_progress=die_at_40, should_cancel=lambda: False)
"""
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "killed")], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert checkpoint.read(tmp_path / "killed" / "last.safetensors")[1]["iteration"] == 35
    assert not (tmp_path / "killed" / "best.safetensors").exists()
    resumed = train("triplet-vae", tmp_path / "killed", checkpoint_every=7)
    whole = train("triplet-vae", tmp_path / "whole", checkpoint_every=7)
    assert np.array_equal(whole.embedding, resumed.embedding)
    assert_same_files(tmp_path / "whole", tmp_path / "killed")


def test_how_often_a_checkpoint_is_written_changes_nothing(tmp_path):
    often, seldom = (train("triplet-vae", tmp_path / str(n), checkpoint_every=n) for n in (3, 50))
    assert np.array_equal(often.embedding, seldom.embedding)
    assert often.history == seldom.history


def test_a_finished_run_is_not_trained_again(tmp_path, monkeypatch):
    first = train("neutral-vae", tmp_path)
    monkeypatch.setattr("learning.training.trainer.Trainer._step", lambda self: pytest.fail("it took a step"))
    assert np.array_equal(train("neutral-vae", tmp_path).embedding, first.embedding)


def test_the_model_is_that_of_the_best_validation_elbo(tmp_path):
    """With a huge step the ELBO goes down again, so that the best evaluation is not the last."""
    result = train("triplet-vae", tmp_path, iterations=200, learning_rate=0.05, annealing="none")
    elbos = {row["iteration"]: row["validation"]["elbo"] for row in result.history}
    assert result.best_iteration == max(elbos, key=elbos.get) != 200
    assert result.best_value == max(elbos.values())
    shorter = train(
        "triplet-vae", tmp_path / "shorter", iterations=result.best_iteration, learning_rate=0.05, annealing="none"
    )
    assert np.array_equal(shorter.embedding, result.embedding)


def test_without_validation_stimuli_the_last_weights_are_the_model(tmp_path):
    import dataclasses

    data = tiny_data()
    split = np.where(data.split == 1, 2, data.split).astype(np.int8)
    data = dataclasses.replace(data, split=split, triplets=data.triplets.of_split(0))
    result = train("triplet-vae", tmp_path, data)
    assert result.best_iteration == 60
    assert result.best_value is None


def test_progress_tells_losses_beta_history_and_eta_at_every_evaluation(tmp_path):
    seen = []
    train_embedding(
        name="triplet-vae",
        config=SHORT["triplet-vae"] | {"device": "cpu"},
        data=tiny_data(),
        workdir=tmp_path,
        on_progress=seen.append,
        should_cancel=lambda: False,
    )
    at = {progress.iteration: progress for progress in seen}
    assert {20, 40, 60} <= at.keys()
    assert len(seen) <= 5, "at most one a second, beside the three evaluations"
    assert at[40].losses.keys() == {"loss", "reconstruction", "kl", "triplet", "beta"}
    assert at[40].losses["beta"] == pytest.approx(39 / 60)
    assert [row["iteration"] for row in at[40].history] == [20, 40]
    assert at[40].validation == at[40].history[-1]["validation"]
    assert at[40].eta_s > 0 == at[60].eta_s


def test_a_throttle_lets_one_call_a_second_through():
    times = iter([0.0, 0.0, 0.4, 0.99, 1.0, 1.5, 2.1])
    throttle = Throttle(1.0, lambda: next(times))
    assert [throttle.due() for _ in range(6)] == [True, False, False, True, False, True]


def test_a_diverged_training_says_so_and_keeps_its_last_good_checkpoint(tmp_path):
    with pytest.raises(Diverged, match=r"no longer a finite number by step \d+"):
        train("triplet-vae", tmp_path, learning_rate=1e12, iterations=500, checkpoint_every=1)
    if (tmp_path / "last.safetensors").exists():
        tensors, _ = checkpoint.read(tmp_path / "last.safetensors")
        assert all(torch.isfinite(tensor).all() for name, tensor in tensors.items() if name.startswith("sums"))


@pytest.mark.parametrize("keep", [0, 7, 100, 3000])
def test_a_torn_checkpoint_is_one_clear_error(tmp_path, keep):
    train("vae", tmp_path)
    path = tmp_path / "last.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"last\.safetensors is damaged or no checkpoint"):
        train("vae", tmp_path)


def test_a_foreign_checkpoint_is_refused_with_what_differs(tmp_path):
    from safetensors.torch import save_file

    train("vae", tmp_path)
    with pytest.raises(CheckpointError, match="another run: its settings differ"):
        train("vae", tmp_path, seed=1)
    with pytest.raises(CheckpointError, match="another run: its data differ"):
        train("vae", tmp_path, tiny_data(seed=9))
    with pytest.raises(CheckpointError, match="another run: its model differ"):
        train("neutral-vae", tmp_path)
    save_file({"a": torch.zeros(2)}, tmp_path / "last.safetensors")
    with pytest.raises(CheckpointError, match="not one of a Semblance training"):
        train("vae", tmp_path)


def test_loading_another_model_or_other_layers_is_refused(tmp_path):
    train("vae", tmp_path)
    path = tmp_path / "best.safetensors"
    with pytest.raises(CheckpointError, match="holds the model 'vae', not 'pca'"):
        load_embedding("pca", {}, path)
    with pytest.raises(ValueError, match=r"has the shape \(16,\), not \(17,\)"):
        load_embedding("vae", SHORT["vae"] | {"encoder": [17, 8]}, path)
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        load_embedding("vae", {}, tmp_path / "none.safetensors")


@pytest.mark.parametrize("name", ["neutral-vae", "triplet-vae"])
def test_a_trained_m1_or_m2_does_not_embed_a_stimulus_without_a_neutral_one(name, tmp_path):
    import dataclasses

    train(name, tmp_path, iterations=2)
    model = load_embedding(name, SHORT[name], tmp_path / "best.safetensors")
    data = tiny_data()
    with pytest.raises(ValueError, match="40 stimuli have none, the first in row 0"):
        embed(model, dataclasses.replace(data, neutral=np.full(len(data), -1)))


def test_a_write_that_fails_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {"a": torch.ones(3)}, {"n": 1})
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        checkpoint.write(path, {"a": torch.zeros(3)}, {"n": 2})
    assert checkpoint.read(path)[1] == {"n": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.safetensors"]


def test_asking_for_cuda_where_there_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="no usable CUDA device"):
        train("vae", tmp_path, device="cuda")


def test_a_cancelled_baseline_says_so(tmp_path):
    with pytest.raises(Cancelled):
        train_embedding(
            name="pca", config={"latent": 2}, data=tiny_data(), workdir=tmp_path, on_progress=ignore,
            should_cancel=lambda: True,
        )  # fmt: skip
