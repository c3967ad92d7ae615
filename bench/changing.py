"""Changes, one after another: followed at random, and replayed from a log."""

import json
import os
import subprocess
import sys

import bundles
import measuring
import real
import replay
from bundles import HERE, SEED, log
from report import Budget

sys.path.insert(0, os.path.join(os.path.dirname(HERE), "tests", "history"))
import logs  # noqa: E402

FOLLOW_S = 3600

# Changes take more away than they bring: so often the deployment is whole again.
AFRESH = 500


def append_real(directory):
    path = os.path.join(directory, "nb.db")
    n = real.append(path, max(replay.records(path)), SEED)
    log("%d of its records are a real ovsdb-server's." % n)


def make_member(directory):
    path = os.path.join(directory, "nb.db")
    logs.make_cluster(path, path + ".new")
    os.rename(path + ".new", path)


def follow(bench, directory, *arguments):
    done = subprocess.run([bench.follow, directory, *arguments],
                          capture_output=True, text=True, timeout=FOLLOW_S)
    if done.returncode:
        raise measuring.Failed("follow %s: %s" % (directory, done.stderr))
    return json.loads(done.stdout)


def bench_following(report, bench):
    """Random changes of rows, followed.  Any change of any table, what comes
    and goes, and several rows at once, on the home lab, each compared with a
    check from scratch; and changes of one row, as in a day of a cloud, for
    what they cost (CPU time, each change's median of three runs)."""
    log("Following changes ...")
    for what, options in (("any change", ()),
                          ("what comes and goes", ("--comings",)),
                          ("several rows at once", ("--several",))):
        home = follow(bench, bundles.shaped("home"), "--verify", "1",
                      "--afresh", str(AFRESH),
                      "--changes", str(bench.changes), *options)
        report.state("follow home lab, " + what, [
            Budget("each equals a check from scratch: %d of %d"
                   % (home["verified"], home["changes"]),
                   home["verified"] == home["changes"])], home,
            ["p50 %(p50_us).1f us, p90 %(p90_us).1f us, p99 %(p99_us).0f us, "
             "%(rebuilt)d built again" % home])
    for name, directory in [("M/10", bundles.tenth_of("M"))] + [
            (size, bundles.shaped(size)) for size in bench.sizes
            if size != "skewed"]:
        day = follow(bench, directory, "--daily", "--changes", "4000",
                     "--runs", "3")
        many = day["changes"] - day["within"]
        budgets = [Budget("p50 <= 20 us (%.1f)" % day["p50_us"],
                          day["p50_us"] <= 20),
                   Budget("p99 of those with <= 25 paths <= 250 us (%.0f; of "
                          "all %.0f)" % (day["p99_few_us"], day["p99_us"]),
                          day["p99_few_us"] <= 250),
                   Budget("n paths <= 1 ms + 10 us x n (not %d of %d)"
                          % (many, day["changes"]), not many)]
        report.state("follow %s, one row" % name, budgets, day)


def bench_bisecting(report, bench):
    directory = bundles.made_of(bundles.generate("long", bundles.LONG),
                                "-real", append_real)
    bisect(report, bench, "bisect", directory, replay.N_ASKED, replay.EVERY)
    bisect(report, bench, "bisect, NB of a cluster",
           bundles.made_of(directory, "-member", make_member), 4,
           20 * replay.EVERY)


def bisected(bench, directory, key):
    return bench.meter.command(bench.provnet, "bisect", "--format", "json",
                               "--bundle", directory, key[0],
                               statuses=(0, 1))


def bisect(report, bench, work, directory, n_asked, every):
    log("Replaying ...")
    provnet, meter = bench.provnet, bench.meter
    dates = replay.records(os.path.join(directory, "nb.db"))
    n = sum(len(replay.records(path)) for path in replay.logs(directory))
    now = replay.checked(meter, provnet, directory)
    first = replay.checked(meter, provnet, directory, "--at",
                           replay.text_of(dates[1]))
    asked = replay.choose(now, {key for key in now
                                if now[key] != first.get(key)}, n_asked)
    costs, pasts = {}, {}
    for key in asked:
        costs[key] = bisected(bench, directory, key)
        pasts[key] = replay.Past(json.loads(costs[key]["output"]))
    slowest = max(costs, key=lambda key: costs[key]["cpu"])
    cost = measuring.alternate(bench.runs, {
        work: lambda: bisected(bench, directory, slowest)})[work]
    report.add("%s, %d transactions, %d endpoints: %.0f/s"
               % (work, n, len(now), n / cost["wall"]), cost,
               bundles.size_of(directory), {},
               [Budget(">= 50,000 transactions/s",
                       n / cost["wall"] >= 50000)])
    agrees, differs = replay.compare(
        pasts, dates, lambda time: replay.checked(
            meter, provnet, directory, "--at", time), every)
    report.state(
        "verdicts at every %dth record" % every,
        [Budget("as check --at: %d agree, %d differ; %d turns"
                % (agrees, len(differs),
                   sum(len(past.times) for past in pasts.values())),
                not differs and agrees > 0)],
        {"agrees": agrees, "differs": differs[:100]},
        ["differs: " + line for line in differs[:10]])


def run(report, bench):
    bench_following(report, bench)
    bench_bisecting(report, bench)
