"""Transactions that a real ovsdb-server commits to a generated northbound log:
its own records, by the hands that write them in life (Neutron without a
comment, people with a command line)."""

import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time

import measuring

N = 2000

# The records are dated so far apart: nobody followed them in southbound, and
# what stood for less than two seconds would be no change.
SPACING_MS = 3000

MENDED_AFTER = 7


class Client:
    """Talks to a server, one transaction after another."""

    def __init__(self, path, database="OVN_Northbound"):
        self.database = database
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(measuring.TIMEOUT_S)
        self.socket.connect(path)
        self.decoder = json.JSONDecoder()
        self.pending = ""

    def close(self):
        self.socket.close()

    def answer(self):
        while True:
            try:
                value, end = self.decoder.raw_decode(self.pending)
                self.pending = self.pending[end:].lstrip()
                return value
            except json.JSONDecodeError:
                self.pending += self.socket.recv(1 << 20).decode()

    def transact(self, *operations):
        self.socket.sendall(json.dumps(
            {"method": "transact", "id": 1,
             "params": [self.database, *operations]}).encode())
        results = self.answer()["result"]
        bad = [r for r in results if r and "error" in r]
        if bad:
            raise measuring.Failed("ovsdb-server refuses: %s" % bad)
        return results

    def select(self, table, *columns):
        return self.transact({"op": "select", "table": table, "where": [],
                              "columns": columns})[0]["rows"]


def where(uuid):
    return [["_uuid", "==", ["uuid", uuid]]]


def update(table, uuid, row):
    return {"op": "update", "table": table, "where": where(uuid), "row": row}


def mutate(table, uuid, column, mutator, value):
    return {"op": "mutate", "table": table, "where": where(uuid),
            "mutations": [[column, mutator, value]]}


class Network:
    """The rows that are changed, and how."""

    def __init__(self, client):
        ports, switches = (result["rows"] for result in client.transact(
            {"op": "select", "table": "Logical_Switch_Port", "where": [],
             "columns": ["_uuid", "name", "type"]},
            {"op": "select", "table": "Logical_Switch", "where": [],
             "columns": ["_uuid", "name", "ports"]}))
        self.vms = [p for p in ports if not p["type"]]
        self.localnets = [p for p in ports if p["type"] == "localnet"]
        self.switches = switches
        self.n = 0

    def noted(self, chance):
        port = chance.choice(self.vms)
        self.n += 1
        return None, [mutate("Logical_Switch_Port", port["_uuid"][1],
                             "external_ids", "insert",
                             ["map", [["note%d" % self.n, "real"]]])], None

    def disabled(self, chance):
        port = chance.choice(self.vms)

        def enable(enabled):
            return update("Logical_Switch_Port", port["_uuid"][1],
                          {"enabled": enabled})
        return ("ovn-nbctl: ovn-nbctl lsp-set-enabled %s disabled"
                % port["name"], [enable(False)], [enable(True)])

    def untyped(self, chance):
        port = chance.choice(self.localnets)

        def typed(kind):
            return update("Logical_Switch_Port", port["_uuid"][1],
                          {"type": kind})
        return ("ovn-nbctl: ovn-nbctl lsp-set-type %s \"\"" % port["name"],
                [typed("")], [typed("localnet")])

    def unknown(self, chance):
        port = chance.choice(self.localnets)

        def addressed(addresses):
            return update("Logical_Switch_Port", port["_uuid"][1],
                          {"addresses": addresses})
        return ("ovn-nbctl: ovn-nbctl lsp-set-addresses %s" % port["name"],
                [addressed(["set", []])], [addressed("unknown")])

    def added(self, chance):
        self.n += 1
        switch = chance.choice(self.switches)
        return None, [
            {"op": "insert", "table": "Logical_Switch_Port", "uuid-name": "p",
             "row": {"name": "real%d" % self.n,
                     "addresses": "0a:ff:00:00:%02x:%02x 203.0.113.%d"
                     % (self.n >> 8 & 255, self.n & 255, self.n % 250 + 1)}},
            mutate("Logical_Switch", switch["_uuid"][1], "ports", "insert",
                   ["set", [["named-uuid", "p"]]])], None


def changes(client, n, chance):
    """Each transaction's comment and operations; harm is mended later."""
    network = Network(client)
    # What happens to VMs is the rule; what happens to a provider network
    # concerns everybody behind it, and is rare.
    kinds = [network.noted] * 100 + [network.added] * 50 + [
        network.disabled] * 48 + [network.untyped, network.unknown]
    mends = {}
    for i in range(n):
        if i in mends:
            yield "neutron-ovn-db-sync-util", mends.pop(i)
            continue
        comment, operations, mend = chance.choice(kinds)(chance)
        at = i + MENDED_AFTER
        while at in mends:
            at += 1
        if mend:
            mends[at] = mend
        yield comment, operations


def date_records(path, size, first_ms):
    """Gives what stands behind the first 'size' bytes other dates."""
    with open(path, "r+b") as f:
        f.seek(size)
        out = []
        while header := f.readline():
            record = json.loads(f.read(int(header.split()[2])))
            record["_date"] = first_ms + SPACING_MS * len(out)
            body = json.dumps(record, separators=(",", ":")).encode() + b"\n"
            out.append(b"OVSDB JSON %d %s\n%s" % (
                len(body), hashlib.sha1(body).hexdigest().encode(), body))
        f.seek(size)
        f.write(b"".join(out))
        f.truncate()
    return len(out)


def append(path, last_ms, seed, n=N):
    """Lets an ovsdb-server commit 'n' transactions to the log at 'path', whose
    last record is of 'last_ms'.  Returns how many records it wrote."""
    scratch = tempfile.mkdtemp()
    remote = os.path.join(scratch, "db.sock")
    size = os.path.getsize(path)
    server = subprocess.Popen(
        ["ovsdb-server", "--remote=punix:" + remote, "--no-chdir",
         "--unixctl=" + os.path.join(scratch, "ctl"), path],
        stderr=subprocess.DEVNULL)
    try:
        while not os.path.exists(remote):
            if server.poll() is not None:
                raise measuring.Failed("ovsdb-server does not load " + path)
            time.sleep(0.02)
        client = Client(remote)
        for comment, operations in changes(client, n, random.Random(seed)):
            client.transact(*operations, *(
                [{"op": "comment", "comment": comment}] if comment else []))
        client.close()
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(scratch)
    return date_records(path, size, last_ms + SPACING_MS)
