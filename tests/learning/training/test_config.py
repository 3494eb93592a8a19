"""Settings that come from outside are checked field by field."""

import pytest

from learning.embedding.configs import TripletVAEConfig, VAEConfig


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"layers": 3}, "has no field 'layers'; it has anneal_iterations"),
        ({"iterations": "many"}, r"TripletVAEConfig.iterations must be a whole number, not 'many'"),
        ({"iterations": 10.5}, r"iterations must be a whole number, not 10.5"),
        ({"iterations": True}, r"iterations must be a whole number, not True"),
        ({"iterations": 0}, r"iterations must be above zero"),
        ({"learning_rate": None}, r"learning_rate must be a number, not None"),
        ({"learning_rate": float("nan")}, r"learning_rate must be above zero"),
        ({"annealing": "linear"}, r"annealing must be one of 'none', 'kl', 'prior', not 'linear'"),
        ({"encoder": [10, "b"]}, r"encoder must be a list of whole numbers"),
        ({"encoder": []}, r"at least one hidden layer"),
        ({"encoder": [10, 0]}, r"encoder must be above zero"),
        ({"dropout": 1.0}, r"dropout must be in \[0, 1\)"),
        ({"seed": -1}, r"seed must not be negative"),
        ({"checkpoint_every": 0}, r"checkpoint_every must be above zero"),
        ([1], r"must be an object with named fields, not list"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_name(values, message):
    with pytest.raises(ValueError, match=message):
        TripletVAEConfig.from_json(values)


def test_the_whole_prior_can_only_be_annealed_where_there_is_one():
    assert TripletVAEConfig.from_json({"annealing": "prior"}).annealing == "prior"
    with pytest.raises(ValueError, match="must be one of 'none', 'kl', not 'prior'"):
        VAEConfig.from_json({"annealing": "prior"})


def test_what_is_left_out_keeps_the_papers_values():
    config = TripletVAEConfig.from_json({"learning_rate": 1, "checkpoint_every": None})
    assert config.learning_rate == 1.0
    assert isinstance(config.learning_rate, float)
    assert (config.iterations, config.batch_size, config.samples) == (100_000, 200, 3)
    assert (config.triplet_batch, config.triplet_samples) == (10, 10)
    assert (config.reconstruction_variance, config.topological_variance, config.dropout) == (0.001, 0.04, 0.1)
    assert config.steps_between_checkpoints == config.evaluate_every == 2500
