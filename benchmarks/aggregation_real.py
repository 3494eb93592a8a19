"""crowd-kit's labels of the real sets of votes, run by ``benchmarks.aggregation`` with crowd-kit's Python.

``aggregation_real.py FOLDER OUT``: for each set in the folder, the labels by Dawid–Skene with its defaults, as JSON.
"""

import json
import sys
from pathlib import Path

import pandas
from crowdkit.aggregation import DawidSkene


def main():
    labels = {}
    for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
        votes = pandas.read_csv(folder / "votes.csv", dtype=str)
        labels[folder.name] = DawidSkene().fit_predict(votes).to_dict()
    Path(sys.argv[2]).write_text(json.dumps(labels))


if __name__ == "__main__":
    main()
