"""One side of ``benchmarks.aggregation``: a process that aggregates when it is told to, and says what it cost.

Run by the benchmark, ours with the project's Python and theirs with crowd-kit's: ``aggregation_side.py SIDE TASK
VOTES``. It reads orders from its input, one a line, and answers each with a line of JSON: "run" (CPU and wall seconds),
"memory" (MiB at the peak of all runs above what was held before the first), "save PATH" (posterior or winner of the
last run). Of the project it imports the aggregators alone, so that both sides start equal.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

ITERATIONS = 10


def ours(task, votes):
    """A call that aggregates, and one that turns its result into an array by question."""
    from annotation.quality.dawid_skene import DawidSkene
    from annotation.quality.margin import MarginAggregator
    from annotation.quality.votes import VoteTable

    table = VoteTable(votes["question"], votes["worker"], votes["choice"], int(votes["question"].max()) + 1)
    if task == "majority":
        return MarginAggregator().fit, table, lambda result: result.winner
    # Dawid and Skene's maximum likelihood, as crowd-kit has it: no prior, prevalence learnt, every iteration made.
    method = DawidSkene(right=0, wrong=0, prevalence="estimated", iterations=ITERATIONS, tolerance=0)
    return method.fit, table, lambda result: result.posterior[:, 1]


def theirs(task, votes):
    """The same of crowd-kit."""
    import pandas
    from crowdkit.aggregation import DawidSkene, MajorityVote

    frame = pandas.DataFrame({"task": votes["question"], "worker": votes["worker"], "label": votes["choice"]})
    if task == "majority":
        return MajorityVote().fit_predict, frame, lambda result: result.sort_index().to_numpy()
    # No change is small enough to stop: its loss is never compared with less than −∞.
    method = DawidSkene(n_iter=ITERATIONS, tol=-np.inf)
    return method.fit_predict_proba, frame, lambda result: result.sort_index()[1].to_numpy()


def memory(name):
    """MiB, by its name in /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))


def first(votes, questions):
    """The votes on the first questions, to warm up with."""
    part = votes["question"] < questions
    return {name: values[part] for name, values in votes.items()}


def main():
    side, task, path = sys.argv[1:]
    make = {"ours": ours, "theirs": theirs}[side]
    with np.load(path) as file:
        votes = {name: file[name] for name in file.files}
    call, table, _ = make(task, first(votes, 500))
    call(table)  # first calls pay for imports
    start = time.process_time()
    call, table, as_array = make(task, votes)
    built = time.process_time() - start
    del votes
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew here
    before, result = memory("VmRSS"), None
    print(json.dumps({"built": built}), flush=True)
    for line in sys.stdin:
        order, _, argument = line.strip().partition(" ")
        answer = {}
        if order == "run":
            del result
            cpu, wall = time.process_time(), time.perf_counter()
            result = call(table)
            answer = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        elif order == "memory":
            answer = {"extra": memory("VmHWM") - before}
        elif order == "save":
            np.save(argument, as_array(result))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
