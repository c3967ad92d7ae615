"""`check` from files to all verdicts, its growth, and whether it is right."""

import json
import os

import measuring
import parity
from bundles import (MIXED, SHAPES, generate, log, shaped, size_of,
                     tenth_of)
from report import MB, Budget

# Whose tenth is checked as well.
GROWING = ("M", "L", "XL")


class Work:
    """One deployment that is checked: the whole bundle, or only what the
    databases' host has."""

    def __init__(self, name, n_vms, directory, is_central=False):
        self.n_vms = n_vms
        self.directory = directory
        self.is_central = is_central
        self.size = name
        self.name = "%s (%s VMs%s)" % (
            name, format(n_vms, ","),
            ", nb.db and sb.db" if is_central else "")

    def files(self):
        if not self.is_central:
            return [self.directory]
        return [os.path.join(self.directory, name + ".db")
                for name in ("nb", "sb")]

    def n_bytes(self):
        return sum(map(os.path.getsize, self.files())) if self.is_central \
            else size_of(self.directory)

    def check(self, bench, touch=0):
        files = self.files()
        source = ["--nb", files[0], "--sb", files[1]] if self.is_central \
            else ["--bundle", self.directory]
        return bench.meter.command(bench.provnet, "check", "--format", "json",
                                   *source, statuses=(0, 1), touch=touch)


def works_of(sizes):
    """Everything that is checked."""
    works = [Work("home lab", 50, shaped("home"))]
    for size in sizes:
        n_vms = SHAPES[size]["vms"]
        deployments = [(size, n_vms, shaped(size))]
        if size in GROWING:
            deployments.insert(0, (size + "/10", n_vms // 10, tenth_of(size)))
        works += [Work(*deployment, is_central)
                  for is_central in (False, True)
                  for deployment in deployments]
    return works


def peers_of(bench, work):
    """Real tools that read the same files; they judge nothing.  ovn-trace,
    which does (one packet), is another file's."""
    server = measuring.Server(os.path.join(work.directory, "nb.db"))
    try:
        server.start()
        return measuring.alternate(bench.runs, {
            "ovn-nbctl show": lambda: server.asked(
                bench.meter, "ovn-nbctl", "--db=" + server.remote, "show")})
    finally:
        server.close()


def pairs_of(works):
    """Works with their tenths."""
    return [(tenth, work) for work in works for tenth in works
            if tenth.size == work.size + "/10"
            and tenth.is_central == work.is_central]


def growth(tenth, work, costs, again):
    """Linear, by what there is to read: chassis have more than ten times the
    tunnels."""
    n_bytes = work.n_bytes() / tenth.n_bytes()
    limit = 1.1 * max(10, n_bytes)
    budgets = []
    for cost, text in (("wall", "time"), ("cpu", "CPU")):
        ratios = [taken[work.name][cost] / taken[tenth.name][cost]
                  for taken in (again, costs)]
        budgets.append(Budget(
            "10 x the VMs, %.1f x the bytes: <= %.1f x the %s (%.1f; memory "
            "as it comes %.1f)" % (n_bytes, limit, text, *ratios),
            ratios[0] <= limit))
    same = all(again[w.name]["output"] == costs[w.name]["output"]
               for w in (tenth, work))
    return budgets + [Budget("the same verdicts", same)]


def grow(report, bench, works, costs):
    """Measured with memory that was in use just before: getting some back
    from a virtual machine's host may cost the large deployment a second, and
    the small one nothing."""
    pairs = pairs_of(works)
    again = measuring.alternate(bench.runs, {
        work.name: (lambda work=work: work.check(
            bench, int(2 * costs[work.name]["peak_bytes"])))
        for pair in pairs for work in pair})
    for tenth, work in pairs:
        report.add("growth of " + work.name, again[work.name], work.n_bytes(),
                   {}, growth(tenth, work, costs, again))


def budgets_of(work, costs):
    cost = costs[work.name]
    if work.size == "home lab":
        return [Budget("<= 10 ms", cost["wall"] <= 0.010),
                Budget("<= 16 MB", cost["peak_bytes"] <= 16 * MB)]
    if work.size == "XL":
        return [Budget("<= 8 s", cost["wall"] <= 8),
                Budget("<= 2.5 GB", cost["peak_bytes"] <= 2500 * MB)]
    return []


def compare(report, work, cost):
    """With what the generator knows; less evidence may leave more open, but
    must not say anything else."""
    with open(os.path.join(work.directory, "truth.json")) as f:
        truth = json.load(f)
    document = json.loads(cost["output"])
    result = parity.compare_central(document, truth) if work.is_central \
        else parity.compare(document, truth)
    n = result["agrees"] + result["differs"]
    text = "all verdicts right: %d of %d" % (result["agrees"], n)
    if work.is_central:
        text = "those that are decided right: %d of %d (%d are open)" % (
            result["agrees"], n, result["undecided"])
    report.state("verdicts of " + work.name,
                 [Budget(text, not result["differs"] and n > 0)], result,
                 ["differs: " + address for address in result["examples"]])


def run(report, bench):
    """Returns the works with what they cost."""
    works = works_of(bench.sizes)
    mixed = Work("every fault", 2000, generate("mixed", MIXED))
    log("Checking ...")
    costs = measuring.alternate(bench.runs, {
        work.name: (lambda work=work: work.check(bench)) for work in works})
    for work in works:
        is_m = work.size == "M" and work.is_central
        report.add("check " + work.name, costs[work.name], work.n_bytes(),
                   peers_of(bench, work) if is_m else {},
                   budgets_of(work, costs))
    grow(report, bench, works, costs)
    for work in works:
        compare(report, work, costs[work.name])
    compare(report, mixed, mixed.check(bench))
    return [(work, costs[work.name]) for work in works]
