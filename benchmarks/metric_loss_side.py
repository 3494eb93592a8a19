"""One side of ``benchmarks.metric_loss``: a process that computes a loss and its gradient when it is told to.

``metric_loss_side.py SIDE ROWS CLASSES LATENT``, ours with the project's Python and theirs with the peer's. It makes
the batch from a fixed seed, reads orders from its input, one a line, and answers each with a line of JSON: "run LOSS
STEPS" (CPU and wall seconds a step), "save LOSS PATH" (the loss, and in
double precision the loss and the gradient of the codes).
"""

import json
import sys
import time

import numpy as np
import torch

MARGIN = 1.0
FEW = 128  # triplets a batch in paper 001


def batch(rows, classes, latent):
    """(B, D) codes whose classes overlap, (B,) classes, all (T, 3) triplets that they allow, and 128 of these."""
    rng = np.random.default_rng(0)
    y = np.arange(rows) % classes
    z = rng.standard_normal((rows, latent)) + 0.5 * rng.standard_normal((classes, latent))[y]
    same = y[:, None] == y
    nearer = same & ~np.eye(rows, dtype=bool)
    lists = []
    for anchor in range(rows):
        positive, negative = np.flatnonzero(nearer[anchor]), np.flatnonzero(~same[anchor])
        pairs = np.stack(np.meshgrid(positive, negative, indexing="ij")).reshape(2, -1)
        lists.append(np.concatenate([np.full((1, pairs.shape[1]), anchor), pairs]))
    every = np.concatenate(lists, axis=1)
    few = every[:, rng.choice(every.shape[1], FEW, replace=False)]
    tensors = torch.tensor(z, dtype=torch.float32).requires_grad_(), torch.from_numpy(y)
    return *tensors, torch.from_numpy(every), torch.from_numpy(few)


def ours(y, every, few):
    """Functions of the codes, by name."""
    from learning.embedding.metric_losses import all_triplets_hinge, structured_gaussian, triplet_hinge

    n_classes = int(y.max()) + 1
    return {
        "sgm": lambda z: structured_gaussian(z, y, n_classes),
        "all": lambda z: all_triplets_hinge(z, y, MARGIN),
        "listed": lambda z: triplet_hinge(z, every.t(), None, MARGIN),
        "few": lambda z: triplet_hinge(z, few.t(), None, MARGIN),
    }


def theirs(y, every, few):
    """The same of pytorch-metric-learning: Euclidean distances of the codes as they are, mean over all triplets."""
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.losses import TripletMarginLoss
    from pytorch_metric_learning.reducers import MeanReducer

    loss = TripletMarginLoss(margin=MARGIN, distance=LpDistance(normalize_embeddings=False), reducer=MeanReducer())
    return {
        "all": lambda z: loss(z, y),
        "listed": lambda z: loss(z, y, tuple(every)),
        "few": lambda z: loss(z, y, tuple(few)),
    }


def main():
    side, *numbers = sys.argv[1:]
    torch.set_num_threads(1)
    z, *rest = batch(*map(int, numbers))
    losses = {"ours": ours, "theirs": theirs}[side](*rest)

    def step(name, z=z):
        z.grad = None
        loss = losses[name](z)
        loss.backward()
        return loss

    print(json.dumps({"triplets": rest[1].shape[1]}), flush=True)
    for line in sys.stdin:
        order, name, argument = line.split()
        answer = {}
        if order == "run":
            step(name)
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(int(argument)):
                step(name)
            steps = int(argument)
            answer = {"cpu": (time.process_time() - cpu) / steps, "wall": (time.perf_counter() - wall) / steps}
        else:
            double = z.detach().double().requires_grad_()
            single, loss = step(name).item(), step(name, double).item()
            np.savez(argument, single=single, loss=loss, gradient=double.grad.numpy())
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
