"""`check` of all endpoints beside one packet of ovn-trace, on what the real
ovn-northd compiled; verdicts are compared with the truth and with ovn-trace's.
"""

import json

import checking
import measuring
import northd
import ovn_trace
from bundles import BROKEN, generate, log, shaped, tenth_of
from report import Budget

AT_MOST = 40  # Of one ovn-trace, of 50,000 VMs; the ratio grows with the size.
N_COMPARED = 20

# ovn-northd writes a flow for each VM of a provider network and each router on
# it: of L, which has 8, more than fit into a machine of 24 GB (decisions.md).
SMALL_NETWORKS = "--shape L --localnets 64 --provider-share 0.1" + BROKEN


def trace(report, bench, name, n_vms, generated):
    log("Compiling %s, tracing ..." % name)
    work = checking.Work(name + " by ovn-northd", n_vms,
                         northd.compile(generated))
    costs = {}

    def beside(one_shot):
        costs.update(measuring.alternate(
            bench.runs, {"ours": lambda: work.check(bench)},
            {"theirs": one_shot}))
        return costs["theirs"]

    theirs = ovn_trace.measure(
        bench.meter, json.loads(work.check(bench)["output"]), work.directory,
        n=N_COMPARED, beside=beside)
    ours = costs["ours"]
    peers = {"ovn-trace, one packet": theirs["one-shot"],
             "ovn-trace as a daemon, loading": theirs["load"],
             "ovn-trace as a daemon, one packet": theirs["trace"]}
    ratio = theirs["one-shot"]["wall"] / ours["wall"]
    n = theirs["agrees"] + len(theirs["differs"])
    budgets = [Budget("as ovn-trace says: %d of %d" % (theirs["agrees"], n),
                      not theirs["differs"] and n > 0)]
    if n_vms >= 10000:
        budgets.append(Budget("<= 1/%d of one ovn-trace (1/%.0f)"
                              % (AT_MOST, ratio), ratio >= AT_MOST))
    report.add("check " + work.name, ours, work.n_bytes(), peers, budgets)
    checking.compare(report, work, ours)


def run(report, bench):
    trace(report, bench, "M/10", 1000, tenth_of("M"))
    trace(report, bench, "M", 10000, shaped("M"))
    if "L" in bench.sizes:
        trace(report, bench, "L, 64 provider networks", 50000,
              generate("L-small-networks", SMALL_NETWORKS))
