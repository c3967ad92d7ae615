"""Reading one OVSDB file, beside what else reads it."""

import os

import measuring
from bundles import HERE, READ_NB, READ_SB, generate, log
from report import MB, Budget

SCHEMA = "/usr/share/ovn/ovn-nb.ovsschema"


def clients(meter, server):
    """Those that read everything from a server that has loaded it."""
    return {
        "ovn-nbctl list": lambda: server.asked(
            meter, "ovn-nbctl", "--db=" + server.remote, "list",
            "Logical_Switch_Port"),
        "python3-openvswitch IDL": lambda: server.asked(
            meter, "/usr/bin/python3", os.path.join(HERE, "idl_client.py"),
            server.remote, SCHEMA)}


def measure(bench, name, path):
    meter = bench.meter
    loading, serving = measuring.Server(path), measuring.Server(path)
    provnet = {
        "provnet": lambda: meter.read_file(bench.read_file, name, path)}
    peers = {
        "ovsdb-server": loading.load,
        "ovsdb-tool show-log": lambda: meter.show_log(path),
        "python3 json.loads": lambda: meter.json_loads(path)}
    try:
        if name == "nb":
            serving.start()
            peers.update(clients(meter, serving))
        return measuring.alternate(bench.runs, provnet, peers)
    finally:
        loading.close()
        serving.close()


def read(report, bench, name, options):
    path = os.path.join(generate("read-" + name, options), name + ".db")
    n_bytes = os.path.getsize(path)
    log("Reading %s ..." % name)
    costs = measure(bench, name, path)
    ours = costs.pop("provnet")
    rate, peak = n_bytes / ours["wall"] / MB, ours["peak_bytes"] / n_bytes
    report.add("read %s, %.0f MB, %d rows" % (name, n_bytes / MB,
                                              ours["rows"]),
               ours, n_bytes, costs,
               [Budget(">= 500 MB/s", rate >= 500),
                Budget("peak <= 1.0 x the file", peak <= 1.0)])


def run(report, bench):
    read(report, bench, "nb", READ_NB)
    read(report, bench, "sb", READ_SB)
