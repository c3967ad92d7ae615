#!/usr/bin/python3
"""Verdicts against the truth that the generator wrote.

usage: bench/parity.py PROVNET BUNDLE...
"""

import collections
import json
import os
import subprocess
import sys

DIRECTIONS = ("inbound", "outbound")


def judge(said, truth):
    """"agrees" or "differs"."""
    for direction in DIRECTIONS:
        wanted = truth[direction]
        codes = said[direction]["codes"][:1]
        if said[direction]["verdict"] != wanted["verdict"] \
                or codes != wanted["codes"][:1]:
            return "differs"
    return "agrees"


def judge_central(said, truth):
    """Of the central databases alone, without every chassis's own evidence,
    the answer may be that this cannot be told ("undecided"), but no other than
    the truth."""
    kinds = [said[direction]["verdict"] for direction in DIRECTIONS]
    for kind, direction in zip(kinds, DIRECTIONS):
        if kind not in ("undetermined", truth[direction]["verdict"]):
            return "differs"
    return "undecided" if "undetermined" in kinds else "agrees"


def compare_central(document, truth):
    return compare(document, truth, judge_central)


def compare(document, truth, judge=judge):
    """Counts, and some of the endpoints that differ.  An endpoint that only
    one side has differs."""
    counts = collections.Counter()
    differing = []
    said = {e["address"]: e for e in document["endpoints"]}
    counts["differs"] += len(document["endpoints"]) - len(said)
    for address in {**said, **truth["endpoints"]}:
        answer = "differs"
        if address in said and address in truth["endpoints"]:
            answer = judge(said[address], truth["endpoints"][address])
        counts[answer] += 1
        if answer == "differs":
            differing.append(address)
    return {"agrees": counts["agrees"], "differs": counts["differs"],
            "undecided": counts["undecided"], "examples": differing[:5]}


def check(provnet, bundle):
    """Whether all that provnet says of a bundle is true."""
    done = subprocess.run([provnet, "check", "--format", "json", "--bundle",
                           bundle], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit("bench/parity.py: %s: %s" % (bundle, done.stderr))
    with open(os.path.join(bundle, "truth.json")) as f:
        result = compare(json.loads(done.stdout), json.load(f))
    print("%s: %s" % (bundle, json.dumps(result)))
    return not result["differs"] and result["agrees"] > 0


if __name__ == "__main__":
    sys.exit(0 if all([check(sys.argv[1], bundle)
                       for bundle in sys.argv[2:]]) else 1)
