#!/usr/bin/python3
"""Reads a whole database with the IDL of python3-openvswitch.

usage: idl_client.py REMOTE SCHEMA
"""

import sys

import ovs.db.idl
import ovs.poller


def main():
    remote, schema = sys.argv[1:]
    helper = ovs.db.idl.SchemaHelper(schema)
    helper.register_all()
    idl = ovs.db.idl.Idl(remote, helper)
    idl.run()
    while not idl.has_ever_connected():
        poller = ovs.poller.Poller()
        idl.wait(poller)
        poller.block()
        idl.run()
    print(sum(len(table.rows) for table in idl.tables.values()))


if __name__ == "__main__":
    main()
