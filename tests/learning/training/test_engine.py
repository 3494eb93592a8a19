"""The engine's own promises: schedules, averages, clipping, early stop, phases, several processes."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from learning.embedding.base import OnePhase, Phase
from learning.training import checkpoint
from learning.training.codes import cached_codes
from learning.training.config import TrainingConfig
from learning.training.ema import MovingAverage
from learning.training.schedules import rate_factor
from learning.training.session import Cancelled, embed, load_embedding, train_embedding
from learning.training.trainer import Trainer
from tests.learning.training.world import NETWORKS, SHORT, ignore, tiny_data, train


def never() -> bool:
    return False


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [1, 1, 1, 1, 1]),
        ({"schedule": "linear"}, [1, 0.8, 0.6, 0.4, 0.2]),
        ({"schedule": "cosine"}, [(1 + math.cos(math.pi * t / 5)) / 2 for t in range(5)]),
        ({"schedule": "step", "step_every": 2, "step_factor": 0.5}, [1, 1, 0.5, 0.5, 0.25]),
        ({"warmup": 2}, [0.5, 1, 1, 1, 1]),
        ({"warmup": 1, "schedule": "linear"}, [1, 1, 0.75, 0.5, 0.25]),
    ],
)
def test_the_learning_rate_follows_its_schedule(changes: dict[str, Any], expected: list[float]) -> None:
    config = TrainingConfig(iterations=5, **changes)
    assert [rate_factor(config, t) for t in range(5)] == pytest.approx(expected)


def test_the_average_is_that_of_the_formula() -> None:
    module = nn.Linear(1, 1, bias=False)
    average = MovingAverage(module, 0.6)
    expected = module.weight.item()
    for step in range(1, 30):
        with torch.no_grad():
            module.weight.fill_(float(step))
        average.update(step)
        decay = min(0.6, step / (step + 9))
        expected = decay * expected + (1 - decay) * step
    assert average.average["weight"].item() == pytest.approx(expected, rel=1e-5)
    with average.applied():
        assert module.weight.item() == pytest.approx(expected, rel=1e-5)
    assert module.weight.item() == 29


ENGINE = {"ema": 0.9, "schedule": "cosine", "warmup": 5, "weight_decay": 0.01, "clip_norm": 1.0}


@pytest.mark.parametrize("name", NETWORKS)
def test_with_all_of_the_engine_on_a_resumed_run_equals_an_uninterrupted_one(name, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("learning.training.progress.Throttle.due", lambda self: True)
    whole = train(name, tmp_path / "whole", **ENGINE)
    asked = iter(range(100))
    with pytest.raises(Cancelled):
        train_embedding(
            name=name, config=SHORT[name] | ENGINE | {"device": "cpu"}, data=tiny_data(), workdir=tmp_path / "parts",
            on_progress=ignore, should_cancel=lambda: next(asked) == 33,
        )  # fmt: skip
    resumed = train(name, tmp_path / "parts", **ENGINE)
    assert np.array_equal(whole.embedding, resumed.embedding)
    assert whole.history == resumed.history
    assert not np.array_equal(whole.embedding, train(name, tmp_path / "plain").embedding)


class Bowl(OnePhase):
    """½‖w − target‖², whose gradient is w − target; score −that."""

    loss_names: ClassVar[tuple[str, ...]] = ("loss",)
    score_name: ClassVar[str] = "height"

    def __init__(self, target: float = 3.0, scores: list[float] | None = None) -> None:
        self.model = nn.Linear(1, 1, bias=False)
        nn.init.zeros_(self.model.weight)
        self.target, self.scores = target, scores
        self.generator = torch.Generator()

    def losses(self, iteration: int) -> Tensor:
        return ((self.model.weight - self.target) ** 2).sum()[None] / 2

    def validate(self) -> dict[str, float]:
        if self.scores is not None:
            return {"height": self.scores.pop(0)}
        return {"height": -float(self.losses(0).detach())}


def trainer_of(objective: Any, tmp_path: Any, **settings: Any) -> Trainer:
    config = TrainingConfig(**{"iterations": 50, "learning_rate": 0.1, "evaluate_every": 10} | settings)
    return Trainer(objective.model, objective, config, tmp_path / "last.safetensors", {})


def test_a_training_that_gets_no_better_ends_early_and_keeps_the_best(tmp_path) -> None:
    trainer = trainer_of(Bowl(scores=[1.0, 3.0, 2.0, 2.5, 9.0]), tmp_path, patience=2)
    trainer.run(ignore, never)
    assert trainer.iteration == 40
    assert (trainer.best_iteration, trainer.best_value) == (20, 3.0)
    again = trainer_of(Bowl(scores=[]), tmp_path, patience=2)
    again.run(ignore, never)
    assert again.iteration == 40, "a resumed training knows that it was over"


def test_a_gradient_is_no_longer_than_the_clip(tmp_path) -> None:
    """Adam's first moment after one step is (1 − β₁) times the gradient that it was given."""
    for clip, expected in ((None, -3.0), (0.5, -0.5)):
        trainer = trainer_of(Bowl(), tmp_path / str(clip), iterations=1, clip_norm=clip)
        (tmp_path / str(clip)).mkdir()
        trainer.run(ignore, never)
        moment = next(iter(trainer.optimisers["model"].state.values()))["exp_avg"].item()
        assert moment == pytest.approx(0.1 * expected, rel=1e-4)


class Duel(Bowl):
    """Two weights that take turns: the first wants to be 1, the second, every third time, to be 5."""

    loss_names = ("first", "second")

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.ParameterDict({"a": nn.Parameter(torch.zeros(1)), "b": nn.Parameter(torch.zeros(1))})
        self.seen: list[tuple[int, str]] = []

    def phases(self) -> tuple[Phase, ...]:
        return Phase("a", (self.model["a"],)), Phase("b", (self.model["b"],), every=3, betas=(0.0, 0.9), rate=2.0)

    def gradients(self, iteration: int, phase: str) -> Tensor:
        self.seen.append((iteration, phase))
        target = {"a": 1.0, "b": 5.0}[phase]
        loss = ((self.model["a"] + self.model["b"] - target) ** 2).sum()  # reaches the other's weight too
        loss.backward()
        out = torch.zeros(2)
        out["ab".index(phase)] = loss.detach()
        return out

    def validate(self) -> None:
        return None


def test_phases_take_turns_and_move_only_their_own(tmp_path) -> None:
    duel = Duel()
    trainer = trainer_of(duel, tmp_path, iterations=4, learning_rate=0.1)
    trainer._started = trainer._first = trainer._earlier = 0
    trainer._step()
    assert duel.seen == [(0, "a"), (0, "b")]
    assert duel.model["a"].item() == pytest.approx(0.1)  # Adam's first step is the learning rate
    assert duel.model["b"].item() == pytest.approx(0.2)  # twice the rate
    trainer._step()
    assert duel.seen[2:] == [(1, "a")]
    assert duel.model["b"].item() == pytest.approx(0.2)
    trainer._step()
    trainer._step()
    assert duel.seen[-2:] == [(3, "a"), (3, "b")]
    trainer.save()
    tensors, _ = checkpoint.read(tmp_path / "last.safetensors")
    assert {"adam/a/0/exp_avg", "adam/b/0/exp_avg"} <= tensors.keys()


def test_bfloat16_on_a_cpu_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match="bfloat16 is slower than float32 on a CPU"):
        train("vae", tmp_path, precision="bfloat16")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ema": 1.0}, "ema must be below 1"),
        ({"clip_norm": 0.0}, "clip_norm must be above zero"),
        ({"warmup": -1}, "warmup must not be negative"),
        ({"processes": 0}, "processes must be above zero"),
        ({"patience": 0}, "patience must be above zero"),
    ],
)
def test_settings_out_of_range_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainingConfig(**changes)


def test_two_processes_train_one_network_and_resume_it(tmp_path) -> None:
    """Over gloo; both have the same weights, so that the model is the leader's, and other batches than one alone."""
    settings = {"processes": 2, "iterations": 30, "evaluate_every": 10}
    whole = train("triplet-vae", tmp_path / "whole", **settings)
    assert [row["iteration"] for row in whole.history] == [10, 20, 30]
    alone = train("triplet-vae", tmp_path / "alone", iterations=30, evaluate_every=10).embedding
    assert not np.array_equal(whole.embedding, alone)
    codes = embed(
        load_embedding("triplet-vae", SHORT["triplet-vae"], tmp_path / "whole" / "best.safetensors"), tiny_data()
    )
    assert np.array_equal(codes.mean, whole.embedding)
    with pytest.raises(Cancelled):
        train_embedding(
            name="triplet-vae", config=SHORT["triplet-vae"] | settings | {"device": "cpu"}, data=tiny_data(),
            workdir=tmp_path / "parts", on_progress=ignore, should_cancel=lambda: True,
        )  # fmt: skip
    resumed = train("triplet-vae", tmp_path / "parts", **settings)
    assert np.array_equal(whole.embedding, resumed.embedding)
    assert whole.history == resumed.history


def test_the_same_model_embeds_the_same_data_once(tmp_path, monkeypatch) -> None:
    data = tiny_data()
    train("neutral-vae", tmp_path / "run")
    model = load_embedding("neutral-vae", SHORT["neutral-vae"], tmp_path / "run" / "best.safetensors")
    first = cached_codes(model, data, tmp_path)
    (file,) = tmp_path.glob("codes-*")
    with monkeypatch.context() as patch:
        patch.setattr(type(model), "embed", lambda *_: pytest.fail("it was embedded again"))
        again = cached_codes(model, data, tmp_path)
    assert np.array_equal(first.mean, again.mean)
    assert np.array_equal(first.log_variance, again.log_variance)
    file.write_bytes(file.read_bytes()[:99])
    assert np.array_equal(cached_codes(model, data, tmp_path).mean, first.mean), "a torn file is made anew"
    with torch.no_grad():
        next(model.parameters()).add_(0.1)
    assert not np.array_equal(cached_codes(model, data, tmp_path).mean, first.mean)
    assert not np.array_equal(cached_codes(model, tiny_data(seed=3), tmp_path).mean, first.mean)
    assert len(list(tmp_path.glob("codes-*"))) == 3
