#!/usr/bin/python3
"""What ovn-trace, the real tool, needs for the question that provnet answers
of every endpoint, and whether the two agree.

ovn-trace knows logical flows, no chassis: one echo request from a VM to a host
on its physical network, and one back, either reach their port or do not.
Compared are endpoints that provnet calls reachable, and those that lost
something that logical flows show.

usage: bench/ovn_trace.py [--build DIR] BUNDLE-northd-KEY
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time

import measuring
import northd

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = ("ovn-trace", "--no-friendly-names")
HOST = {"mac": "0a:0b:0c:0d:0e:0f", "ip": "198.51.100.9"}

# Faults that stop a frame between the two ports.  (Not lsp-port-security: the
# flows of 23.03 have check_in_port_sec(), which ovn-controller answers.)
LOGICAL = ("ls-no-localnet", "localnet-disabled", "localnet-no-unknown",
           "lsp-disabled", "lsp-addresses-empty")


class Frame:
    def __init__(self, switch, inport, outport, source, target):
        self.switch = switch
        self.outport = outport
        self.flow = (
            'inport == "%s" && eth.src == %s && eth.dst == %s && ip4.src == %s'
            " && ip4.dst == %s && ip.ttl == 64 && icmp4.type == 8" % (
                inport, source["mac"], target["mac"], source["ip"],
                target["ip"]))

    def arrives(self, output):
        return 'output("%s")' % self.outport in output


def several(value):
    """A set's elements."""
    return value[1] if isinstance(value, list) else [value]


def frames(ports, localnets, endpoint):
    """Out and back; None where the switch has no localnet port."""
    port = ports[endpoint["port"]]
    localnet = localnets.get(port["datapath"][1])
    if not localnet:
        return None
    known = several(port["mac"]) + several(port["port_security"])
    mac = next(text for text in known
               if endpoint["address"] in text.split()).split()[0]
    vm = {"mac": mac, "ip": endpoint["address"]}
    switch = port["switch"]
    return (Frame(switch, endpoint["port"], localnet, vm, HOST),
            Frame(switch, localnet, endpoint["port"], HOST, vm))


def read_ports(client):
    """Switches' ports by name, and localnet ports' names by datapath."""
    switches = {row["_uuid"][1]: dict(row["external_ids"][1]) for row
                in client.select("Datapath_Binding", "_uuid", "external_ids")}
    ports = {}
    for row in client.select("Port_Binding", "logical_port", "type", "mac",
                             "datapath", "port_security"):
        row["switch"] = switches[row["datapath"][1]]["name"]
        ports[row["logical_port"]] = row
    localnets = {row["datapath"][1]: name for name, row in ports.items()
                 if row["type"] == "localnet"}
    return ports, localnets


def is_reachable(endpoint):
    return endpoint["outbound"]["verdict"] == "reachable"


def choose(document, n, seed=1):
    """Up to 'n' of the VMs that both can judge, half of them lost."""
    chance = random.Random(seed)
    vms = [e for e in document["endpoints"]
           if e["kind"] == "vm" and "." in e["address"]]
    chance.shuffle(vms)
    lost = [e for e in vms if not is_reachable(e)
            and set(e["outbound"]["codes"][:1]).intersection(LOGICAL)]
    lost = lost[:n // 2]
    fine = [e for e in vms if is_reachable(e)][:n - len(lost)]
    return lost + fine


class Daemon:
    """ovn-trace that keeps the database, asked with ovs-appctl."""

    def __init__(self, daemons, remote):
        self.daemons = daemons
        self.pidfile = daemons.path("ovn-trace.pid")
        self.control = daemons.path("ovn-trace.ctl")
        start = time.monotonic()
        daemons.stack.callback(self.kill)
        subprocess.run([*PROGRAM, "--db=" + remote, "--no-chdir", "--detach",
                        "--pidfile=" + self.pidfile,
                        "--unixctl=" + self.control], check=True,
                       stderr=subprocess.DEVNULL, timeout=northd.LIMIT_S)
        with open(self.pidfile) as f:
            self.pid = int(f.read())
        self.start = start

    def kill(self):
        if os.path.exists(self.pidfile):
            with open(self.pidfile) as f:
                os.kill(int(f.read()), signal.SIGTERM)

    def ask(self, frame):
        """Output, or None while the daemon has not read everything."""
        done = subprocess.run(
            ["ovs-appctl", "-t", self.control, "trace", "--minimal",
             frame.switch, frame.flow], capture_output=True, text=True,
            timeout=northd.LIMIT_S)
        return done.stdout if done.returncode == 0 else None

    def load(self, frame):
        self.daemons.wait("ovn-trace", lambda: self.ask(frame))
        return {"wall": time.monotonic() - self.start,
                **measuring.of_process(self.pid)}

    def traced(self, asked):
        """What each frame led to, and the cost of one: 'wall' with ovs-appctl,
        'cpu' the daemon's alone."""
        before = measuring.of_process(self.pid)["cpu"]
        walls, arrived = [], {}
        for address, pair in asked.items():
            arrived[address] = bool(pair)
            for frame in pair or ():
                start = time.monotonic()
                output = self.ask(frame)
                walls.append(time.monotonic() - start)
                if output is None:
                    raise measuring.Failed("ovn-trace: " + frame.flow)
                arrived[address] &= frame.arrives(output)
        after = measuring.of_process(self.pid)
        return arrived, {"wall": statistics.median(walls),
                         "cpu": (after["cpu"] - before) / len(walls),
                         "peak_bytes": after["peak_bytes"]}


def measure(meter, document, directory, n=20, beside=lambda run: run()):
    """Costs of one ovn-trace ("one-shot"), of a daemon until it answers
    ("load") and of one answer of it ("trace"), with the endpoints on which it
    agrees with 'document', which is what `provnet check --format json` says of
    the bundle.  Lost endpoints are those of 'agrees' that both call so.

    'beside' measures the first one, which it is given as a function.

    The ovsdb-server that serves sb.db is running before, and not counted."""
    with northd.Daemons() as daemons:
        served = daemons.path("sb.db")
        shutil.copyfile(os.path.join(directory, "sb.db"), served)
        remote = daemons.serve("sb", served)
        ports, localnets = read_ports(daemons.client("sb", "OVN_Southbound"))
        chosen = choose(document, n)
        asked = {e["address"]: frames(ports, localnets, e) for e in chosen}
        first = next(pair[0] for pair in asked.values() if pair)
        costs = {"one-shot": beside(lambda: meter.command(
            *PROGRAM, "--db=" + remote, "--minimal", first.switch,
            first.flow))}
        daemon = Daemon(daemons, remote)
        costs["load"] = daemon.load(first)
        arrived, costs["trace"] = daemon.traced(asked)
    differs = [e["address"] for e in chosen
               if arrived[e["address"]] != is_reachable(e)]
    return {**costs, "agrees": len(chosen) - len(differs),
            "lost": sum(not is_reachable(e) for e in chosen),
            "differs": differs}


def main():
    parser = argparse.ArgumentParser(
        description="Measure ovn-trace on a bundle that northd compiled.")
    parser.add_argument("bundle")
    parser.add_argument("--build", metavar="DIR", default=os.path.join(
        os.path.dirname(HERE), "build"))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    meter = measuring.Meter(os.path.join(options.build, "bench", "measure"))
    ours = meter.command(os.path.join(options.build, "provnet"), "check",
                         "--format", "json", "--bundle", options.bundle,
                         statuses=(0, 1))
    result = measure(meter, json.loads(ours.pop("output")), options.bundle)
    del result["one-shot"]["output"]
    print(json.dumps({"provnet": ours, **result}, indent=1))
    return 1 if result["differs"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (measuring.Failed, subprocess.SubprocessError) as failure:
        sys.exit("bench/ovn_trace.py: %s" % failure)
