#!/usr/bin/python3
"""Makes bundles of sound databases that are large, or odd, in one way.

usage: networks.py KIND DIR     write a bundle; KINDS are below

The schemas are those of a recorded bundle; a row is written once, with the
columns that matter.
"""
import json
import pathlib
import sys
import uuid

sys.dont_write_bytecode = True
from ovsdb_file import record  # noqa: E402

RECORDED = pathlib.Path(__file__).resolve().parents[1] / "bundles/localnet-lost"
DATE = 1795340376001


class Database:
    """Rows of one database, in one transaction until commit() is called."""

    def __init__(self, name):
        with open(RECORDED / name, "rb") as file:
            length = int(file.readline().split()[2])
            self.records = [json.loads(file.read(length))]
        self.rows = {}

    def add(self, table, key, **columns):
        """A row, by a key of its own in the table; returns what refers to
        it.  A second time, its columns change."""
        name = str(uuid.uuid5(uuid.NAMESPACE_DNS, "%s/%s" % (table, key)))
        self.rows.setdefault(table, {})[name] = columns
        return ["uuid", name]

    def commit(self):
        self.rows["_date"] = DATE + 10000 * len(self.records)
        self.records.append(self.rows)
        self.rows = {}

    def write(self, path):
        if self.rows:
            self.commit()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(map(record, self.records)))


class Network:
    def __init__(self):
        self.nb = Database("nb.db")
        self.sb = Database("sb.db")
        self.ovs = Database("hv1/conf.db")
        self.sb.add("Chassis", "hv1", name="hv1", hostname="hv1")
        self.ovs.add("Open_vSwitch", "", external_ids=map_of(
            {"system-id": "hv1"}))

    def write(self, folder):
        self.nb.write(folder / "nb.db")
        self.sb.write(folder / "sb.db")
        self.ovs.write(folder / "hv1/conf.db")


def set_of(items):
    return ["set", list(items)]


def map_of(pairs):
    return ["map", [[key, value] for key, value in pairs.items()]]


def patch_name(n):
    """A port that is called like a patch port, but for its second name."""
    n.ovs.commit()
    interface = n.ovs.add("Interface", "", name="patch-to-x")
    n.ovs.add("Port", "", name="patch-to-x", interfaces=interface)


KINDS = {
    "patch-name": patch_name,
}


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in KINDS:
        sys.exit(__doc__)
    network = Network()
    KINDS[arguments[0]](network)
    network.write(pathlib.Path(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
