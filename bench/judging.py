"""All verdicts, the model being in memory."""

import json

import measuring
from bundles import log, shaped
from report import Budget


def judge(bench, *arguments):
    """Judging alone; memory is the whole process's."""
    cost = bench.meter.command(bench.judge, *arguments)
    return {**json.loads(cost.pop("output")),
            "peak_bytes": cost["peak_bytes"]}


def budgets_of(size, cost):
    us = cost["cpu"] / cost["paths"] * 1e6
    budgets = [Budget("<= 10 us of CPU a path (%.1f)" % us, us <= 10)]
    if size == "L":
        budgets.append(Budget("<= 0.5 s", cost["wall"] <= 0.5))
    return budgets


def run(report, bench):
    log("Judging ...")
    works = {}
    for size in bench.sizes:
        directory = shaped(size)
        works[size] = (size, [directory])
        works[size + ", nb.db and sb.db"] = (size, ["--central", directory])
    costs = measuring.alternate(bench.runs, {
        name: (lambda arguments=arguments: judge(bench, *arguments))
        for name, (_, arguments) in works.items()})
    for name, (size, _) in works.items():
        cost = costs[name]
        report.add("judge %s, in memory: %d endpoints"
                   % (name, cost["endpoints"]), cost, 0, {},
                   budgets_of(size, cost))
