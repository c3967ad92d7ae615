#!/usr/bin/python3
"""Lets the real ovn-northd compile a generated bundle: nb.db as it is, and a
southbound database that begins with the chassis only.  What chassis write
(their own rows, who has which port, which neighbours they learned) is taken
from the generated sb.db; everything else in the new one is northd's.

usage: bench/northd.py BUNDLE

The new bundle is BUNDLE-northd-KEY (of which northd, and by what); its
northd.json says what that took.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import measuring
import southbound
from logfile import Database
from real import Client, update

LIMIT_S = 1200
BATCH = 2000

# What chassis write besides Port_Binding's columns.
OF_CHASSIS = ("Chassis", "Encap", "Chassis_Private")


def read(path):
    """Table -> UUID -> row, as a server would have them; columns of default
    values are absent."""
    with tempfile.TemporaryDirectory() as scratch:
        compact = os.path.join(scratch, "compact.db")
        subprocess.run(["ovsdb-tool", "compact", path, compact], check=True,
                       timeout=LIMIT_S, stdout=subprocess.DEVNULL)
        with open(compact, "rb") as f:
            f.read(int(f.readline().split()[2]))
            record = json.loads(f.read(int(f.readline().split()[2])))
    return {table: rows for table, rows in record.items()
            if not table.startswith("_")}


class Daemons:
    """Private daemons in a folder of their own, which end with the block."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.deadline = time.monotonic() + LIMIT_S
        self.running = {}  # Name -> process.

    def __enter__(self):
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        return self

    def __exit__(self, *why):
        return self.stack.__exit__(*why)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, name, *command):
        process = subprocess.Popen(
            [*command, "--unixctl=" + self.path(name + ".ctl"), "--no-chdir",
             "--log-file=" + self.path(name + ".log")],
            stderr=subprocess.DEVNULL)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        self.running[name] = process

    def stop(self, name):
        """Returns what it cost."""
        process = self.running.pop(name)
        cost = measuring.of_process(process.pid)
        process.terminate()
        process.wait()
        return cost

    def wait(self, what, done):
        while not (value := done()):
            for name, process in self.running.items():
                if process.poll() is not None:
                    raise measuring.Failed("%s ended: %s" % (
                        name, open(self.path(name + ".log")).read()[-2000:]))
            if time.monotonic() > self.deadline:
                raise measuring.Failed("%s: not within %d s" % (what, LIMIT_S))
            time.sleep(0.02)
        return value

    def serve(self, name, file):
        """Serves a file; returns its server's remote."""
        path = self.path(name + ".sock")
        self.start(name, "ovsdb-server", "--remote=punix:" + path, file)
        self.wait("load " + file, lambda: measuring.list_dbs(path))
        return "unix:" + path

    def client(self, name, database):
        client = Client(self.path(name + ".sock"), database)
        self.stack.callback(client.close)
        return client

    def control(self, name, *command):
        return subprocess.run(
            ["ovs-appctl", "-t", self.path(name + ".ctl"), *command],
            check=True, capture_output=True, text=True,
            timeout=LIMIT_S).stdout


def register_chassis(generated, path):
    """A southbound database in which chassis have registered, no more."""
    db = Database(southbound.SCHEMA)
    for table in OF_CHASSIS:
        for uuid, row in generated[table].items():
            row = {c: v for c, v in row.items() if not c.startswith("nb_cfg")}
            db.insert(table, uuid, row)
    db.snapshot()
    db.write(path, int(time.time() * 1000))


def transact_all(client, operations):
    for i in range(0, len(operations), BATCH):
        client.transact(*operations[i:i + BATCH])


def bind(generated, client):
    """What ovn-controllers write of ports once northd made the bindings."""
    theirs = {row["logical_port"]: row
              for row in generated["Port_Binding"].values()}
    ports = {row["logical_port"]: row for row in client.select(
        "Port_Binding", "_uuid", "logical_port", "datapath")}
    operations = [
        update("Port_Binding", port["_uuid"][1],
               {"chassis": theirs[name]["chassis"], "up": True})
        for name, port in ports.items() if "chassis" in theirs.get(name, {})]
    for row in generated.get("MAC_Binding", {}).values():
        if row["logical_port"] in ports:
            operations.append({"op": "insert", "table": "MAC_Binding", "row": {
                **row, "datapath": ports[row["logical_port"]]["datapath"]}})
    transact_all(client, operations)


def follow_config(generated, client):
    transact_all(client, [
        update("Chassis_Private", uuid,
               {c: v for c, v in row.items() if c.startswith("nb_cfg")})
        for uuid, row in generated["Chassis_Private"].items()])


def raise_config(daemons, nb, nb_global, number, counter):
    """Sets nb_cfg and waits until 'counter' follows."""
    nb.transact(update("NB_Global", nb_global, {"nb_cfg": number}))
    await_config(daemons, nb, number, counter)


def await_config(daemons, nb, number, counter):
    daemons.wait("%s %d" % (counter, number), lambda: nb.select(
        "NB_Global", counter)[0][counter] == number)


def run_northd(daemons, generated):
    """From an empty southbound database to one that everybody has followed;
    returns what northd and the server of it cost."""
    start = time.monotonic()
    nb = daemons.client("nb", "OVN_Northbound")
    sb = daemons.client("sb", "OVN_Southbound")
    root = nb.select("NB_Global", "_uuid", "nb_cfg")[0]
    nb_global, nb_cfg = root["_uuid"][1], root["nb_cfg"]
    nb.transact(update("NB_Global", nb_global, {
        "nb_cfg": nb_cfg - 1, "sb_cfg": 0, "hv_cfg": 0}))
    daemons.start("northd", "ovn-northd",
                  "--ovnnb-db=unix:" + daemons.path("nb.sock"),
                  "--ovnsb-db=unix:" + daemons.path("sb.sock"))
    await_config(daemons, nb, nb_cfg - 1, "sb_cfg")
    compiled = time.monotonic()
    bind(generated, sb)
    raise_config(daemons, nb, nb_global, nb_cfg, "sb_cfg")
    follow_config(generated, sb)
    await_config(daemons, nb, nb_cfg, "hv_cfg")
    costs = {"first_s": compiled - start, "wall": time.monotonic() - start}
    costs["northd"] = daemons.stop("northd")
    return costs


def compile_into(directory, target):
    """Puts nb.db as northd left it and sb.db into 'target'."""
    files = {name: os.path.join(target, name + ".db") for name in ("nb", "sb")}
    generated = read(os.path.join(directory, "sb.db"))
    shutil.copyfile(os.path.join(directory, "nb.db"), files["nb"])
    register_chassis(generated, files["sb"])
    with Daemons() as daemons:
        for name, file in files.items():
            daemons.serve(name, file)
        costs = run_northd(daemons, generated)
        daemons.control("sb", "ovsdb-server/compact")
        costs["ovsdb-server sb"] = daemons.stop("sb")
        costs["ovsdb-server nb"] = daemons.stop("nb")
    return costs


def name_of_target(directory):
    """Another ovn-northd makes other rows."""
    version = subprocess.run(["ovn-northd", "--version"], capture_output=True,
                             check=True).stdout
    with open(__file__, "rb") as f:
        key = hashlib.sha256(version + f.read()).hexdigest()[:8]
    return "%s-northd-%s" % (directory.rstrip("/"), key)


def compile(directory):
    """The bundle of what northd makes of a generated one; kept, like what it
    is made of.  nb.db stays as it was generated, with its history: northd
    leaves the rows as they were (test_equivalence)."""
    target = name_of_target(directory)
    if os.path.exists(target):
        return target
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(directory, os.path.join(scratch, "bundle"),
                               ignore=shutil.ignore_patterns("sb.db"))
        work = os.path.join(scratch, "work")
        os.mkdir(work)
        costs = compile_into(directory, work)
        shutil.move(os.path.join(work, "sb.db"), copy)
        with open(os.path.join(copy, "northd.json"), "w") as f:
            json.dump(costs, f, indent=1)
        shutil.move(copy, target)
    return target


def main():
    parser = argparse.ArgumentParser(
        description="Let ovn-northd compile a generated bundle.")
    parser.add_argument("bundle")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(compile(options.bundle))


if __name__ == "__main__":
    try:
        main()
    except (measuring.Failed, subprocess.SubprocessError) as failure:
        sys.exit("bench/northd.py: %s" % failure)
