#!/usr/bin/python3
"""Writes a bundle (provnet(1), "Bundles") of a made-up deployment of any size:
nb.db and sb.db as Neutron, ovn-northd and ovn-controller write them, each
chassis's conf.db, ip-link.json and flows, and truth.json, which says what
`provnet check` must say of every endpoint.

The same options give the same files.  The schemas are those of the OVN and
Open vSwitch that are installed.
"""

import argparse
import gc
import os
import random

import faults
import northbound
import openvswitch
import southbound
from deployment import Deployment
from logfile import encode

START_MS = 1795341600000  # 2026-11-22 10:00 UTC: files do not depend on now.

SHAPES = {
    "home": {"vms": 50, "chassis": 3, "switches": 2, "localnets": 2,
             "routers": 1, "nats": 10, "acls": 16, "history": 100},
    "M": {"vms": 10000, "chassis": 100, "switches": 400, "localnets": 8,
          "routers": 200, "nats": 3600, "acls": 1600, "history": 2000},
    "L": {"vms": 50000, "chassis": 500, "switches": 2000, "localnets": 8,
          "routers": 1000, "nats": 18000, "acls": 8000, "history": 10000},
    "XL": {"vms": 200000, "chassis": 2000, "switches": 8000, "localnets": 32,
           "routers": 4000, "nats": 72000, "acls": 32000, "history": 10000},
    "skewed": {"vms": 75000, "chassis": 500, "switches": 2, "localnets": 4,
               "routers": 100, "nats": 2000, "acls": 8000, "skew": 0.02,
               "provider_share": 0.2, "history": 10000},
}


def parse_options():
    parser = argparse.ArgumentParser(
        description="Write a bundle of a made-up deployment.")
    number = {"type": int, "metavar": "N"}
    parser.add_argument("directory")
    parser.add_argument("--shape", choices=SHAPES, default="home",
                        help="defaults for what follows (home)")
    parser.add_argument("--seed", default=1, **number)
    parser.add_argument("--vms", **number)
    parser.add_argument("--chassis", **number)
    parser.add_argument("--switches", help="tenant networks", **number)
    parser.add_argument("--localnets", help="provider networks", **number)
    parser.add_argument("--routers", **number)
    parser.add_argument("--nats", help="SNAT and floating IPs", **number)
    parser.add_argument("--acls", **number)
    parser.add_argument("--logical-flows", help="rows of Logical_Flow "
                        "(16 per VM)", **number)
    parser.add_argument("--history", help="records after the first", **number)
    parser.add_argument("--tunnels", default=100, help="of a chassis that is "
                        "no gateway, but to all gateways (100)", **number)
    parser.add_argument("--broken", type=float, default=0.0, metavar="P",
                        help="share of broken ports, networks and chassis")
    parser.add_argument("--skew", type=float, metavar="S",
                        help="0: networks of one size; default 0.7")
    parser.add_argument("--provider-share", type=float, metavar="P",
                        help="of the VMs (0.4)")
    parser.add_argument("--only", default="nb,sb,ovs", metavar="LIST",
                        help="write only these of nb,sb,ovs")
    options = parser.parse_args()
    for name, value in {"skew": 0.7, "provider_share": 0.4,
                        **SHAPES[options.shape]}.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.logical_flows is None:
        options.logical_flows = 16 * options.vms
    if options.localnets < 1 or options.chassis < 2 or options.vms < 1:
        parser.error("at least 1 VM, 1 localnet and 2 chassis")
    return options


def build(options):
    """All of it in memory: the world, after everything happened.  Each stage
    draws from numbers of its own, so that --only and the number of flows
    change nothing else."""
    wanted = options.only.split(",")
    d = Deployment(options)
    d.start_ms = START_MS
    databases = {}
    for name, module in (("nb", northbound), ("sb", southbound)):
        d.random = random.Random("%d %s" % (options.seed, name))
        databases[name] = module.build(d) if name in wanted else None
    d.random = random.Random("%d ovs" % options.seed)
    switches = {}
    if "ovs" in wanted:
        switches = {c: openvswitch.Switch(d, c) for c in d.chassis}
    d.random = random.Random("%d faults" % options.seed)
    truth = faults.Truth(d)
    planned = faults.plan(d, truth)
    world = faults.World(d, databases["nb"], databases["sb"], switches)
    faults.happen(world, planned)
    return world, truth


def main():
    options = parse_options()
    gc.disable()  # There is nothing to collect, only millions to look at.
    world, truth = build(options)
    directory = options.directory
    os.makedirs(directory, exist_ok=True)
    counts = {}
    for name, db in (("nb", world.nb), ("sb", world.sb)):
        if db:
            db.write(os.path.join(directory, name + ".db"), START_MS)
            counts[name] = db.count()
    for chassis, switch in world.switches.items():
        switch.write(os.path.join(directory, chassis.name), START_MS)
        counts[chassis.name] = switch.db.count()
    with open(os.path.join(directory, "truth.json"), "w") as f:
        used = {k: v for k, v in vars(options).items() if k != "directory"}
        f.write(encode({"options": used, "faults": truth.faults,
                        "rows": counts, "endpoints": truth.endpoints}))


if __name__ == "__main__":
    main()
