#!/usr/bin/python3
"""Makes OVSDB files and plays OVSDB servers, good and bad ones, for run.

usage: ovsdb_file.py make KIND FILE     write a file; KINDS are below
       ovsdb_file.py serve KIND SOCKET  listen on a unix socket, or on a port
                                        of 127.0.0.1 if SOCKET is "tcp"; print
                                        the remote, then serve until killed

A record is a header with its right checksum and a body (ovsdb(5)).
"""
import hashlib
import json
import socket
import sys
import time

SCHEMA = {
    "name": "OVN_Northbound",
    "version": "7.0.0",
    "tables": {
        "NB_Global": {"columns": {
            "nb_cfg": {"type": "integer"},
            "hv_cfg": {"type": "integer"}}},
        "Logical_Switch": {"isRoot": True, "columns": {
            "name": {"type": "string"},
            "ports": {"type": {
                "key": {"type": "uuid", "refTable": "Logical_Switch_Port",
                        "refType": "strong"},
                "min": 0, "max": "unlimited"}},
            "unneeded": {"type": "string"},
            "other_config": {"type": {
                "key": "string", "value": "string",
                "min": 0, "max": "unlimited"}}}},
        "Logical_Switch_Port": {"columns": {
            "name": {"type": "string"},
            "type": {"type": "string"},
            "enabled": {"type": {"key": "boolean", "min": 0, "max": 1}},
            "tag": {"type": {"key": "integer", "min": 0, "max": 1}},
            "options": {"type": {
                "key": "string", "value": "string",
                "min": 0, "max": "unlimited"}},
            "addresses": {"type": {
                "key": "string", "min": 0, "max": "unlimited"}}}}}}

LS = "aaaaaaaa-0000-4000-8000-000000000001"
LOCALNET = "bbbbbbbb-0000-4000-8000-000000000001"
VM = "bbbbbbbb-0000-4000-8000-000000000002"
LONG = 64 << 20


def record(body):
    """A body (bytes, or what becomes JSON) with its header."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    body += b"\n"
    sha1 = hashlib.sha1(body).hexdigest()
    return b"OVSDB JSON %d %s\n" % (len(body), sha1.encode()) + body


def network(switch=None, vm=None):
    """A transaction that makes a provider network with one VM."""
    return {
        "Logical_Switch": {LS: dict({
            "name": "public",
            "ports": ["set", [["uuid", LOCALNET], ["uuid", VM]]]},
            **(switch or {}))},
        "Logical_Switch_Port": {
            LOCALNET: {"name": "provnet-1", "type": "localnet",
                       "addresses": "unknown",
                       "options": ["map", [["network_name", "phynet2"]]]},
            VM: dict({"name": "vm1",
                      "addresses": "fa:16:3e:00:00:01 192.168.50.185"},
                     **(vm or {}))},
        "_date": 1795340376001,
        "_comment": "ovn-nbctl: ovn-nbctl lsp-add public provnet-1"}


def schema(**changes):
    return record(dict(SCHEMA, **changes))


def with_column(table, column, kind):
    copy = json.loads(json.dumps(SCHEMA))
    copy["tables"][table]["columns"][column] = {"type": kind}
    return record(copy)


def raw(text):
    """A transaction of the switch's columns, as bytes."""
    return record(b'{"Logical_Switch":{"%s":{%s}}}' % (LS.encode(), text))


def file(*records):
    return b"".join((schema(),) + records)


GOOD = file(record(network()))
LATER = file(*[record(dict(network(vm={"name": "vm9"}), _date=date))
               for date in (1795340370000, 1795340380000)])
LONG_LOG = file(*[record(network({"name": "public"}))] * 50)


def kinds():
    """Each kind of file, made when it is asked for."""
    return {
        "good": lambda: GOOD,
        "empty": lambda: b"",
        "text": lambda: b"This is a README.\n" * 100,
        "zeros": lambda: bytes(100000),
        "gzip": lambda: b"\x1f\x8b\x08" + bytes(range(256)) * 10,
        "header-cut": lambda: GOOD[:20],
        "schema-cut": lambda: schema()[:400],
        "schema-only": schema,
        "backup-cut": lambda: GOOD[:-100],
        "log-cut": lambda: LONG_LOG[:-100],
        "log-header-cut": lambda: LONG_LOG + b"OVSDB JSON 12",
        "middle-cut": lambda: file(record(network())[:-50],
                                   record(network())),
        "log-cut-writing": lambda: LONG_LOG,
        "checksum": lambda: GOOD.replace(b"vm1", b"vm2"),
        "checksum-schema": lambda: GOOD.replace(b"isRoot", b"isroot"),
        "later": lambda: LATER,
        "later-damaged": lambda: LATER.replace(b"80000", b"90000"),
        "southbound": lambda: schema(name="OVN_Southbound")
        + record({"_comment": "x"}),
        "cluster": lambda: b"OVSDB CLUSTER 10 " + b"0" * 40 + b"\n{}",
        "trailing": lambda: GOOD + b"garbage\n",
        "nested": lambda: file(record(b"[" * 10000 + b"]" * 10000)),
        "nested-skipped": lambda: file(raw(
            b'"unneeded":' + b"[" * 10000 + b"]" * 10000)),
        "nested-schema": lambda: record(b"[" * 10000 + b"]" * 10000),
        "announced": lambda: schema()
        + b"OVSDB JSON 1000000000 " + b"0" * 40 + b"\n{}\n",
        "announced-more": lambda: schema()
        + b"OVSDB JSON 18446744073709551615 " + b"0" * 40 + b"\n{}\n",
        "announced-string": lambda: schema() + record(network())
        + b"OVSDB JSON 1000000000 " + b"0" * 40 + b'\n{"_comment":"xxx',
        "long-needed": lambda: file(raw(b'"name":"' + b"x" * LONG + b'"')),
        "long-escaped": lambda: file(raw(b'"name":"\\n' + b"x" * LONG + b'"')),
        "long-skipped": lambda: file(record(network({"unneeded": "x" * LONG}))),
        "long-comment": lambda: file(record(
            dict(network(), _comment="x" * LONG))),
        "long-name": lambda: file(record({"x" * LONG: {}})),
        "long-number": lambda: file(record(b'{"_date":' + b"1" * LONG + b"}")),
        "utf8-needed": lambda: file(raw(b'"name":"a\xff"')),
        "utf8-surrogate": lambda: file(raw(b'"name":"\xed\xa0\x80"')),
        "utf8-skipped": lambda: file(raw(b'"unneeded":"\xc3("')),
        "nul": lambda: file(raw(b'"name":"a\\u0000b"')),
        "column-type": lambda: with_column("Logical_Switch", "name", "integer")
        + record(network()),
        "column-map": lambda: with_column(
            "Logical_Switch_Port", "options", "string") + record(network()),
        "value-type": lambda: file(record(network({"name": 7}))),
        "value-set": lambda: file(record(network({"ports": ["map", []]}))),
        "value-uuid": lambda: file(record(
            network({"ports": ["uuid", "vm1"]}))),
        "row-uuid": lambda: file(record({"Logical_Switch": {"public": {}}})),
        "overflow": lambda: file(record(
            network(vm={"tag": 99999999999999999999}))),
        "real": lambda: file(record(network(vm={"tag": 1.5}))),
        "array": lambda: file(record([])),
        "two-values": lambda: file(record(b"{} {}")),
        "no-schema": lambda: record({}) + record(network()),
        "control": lambda: file(record(network(
            {"name": "pub\x1b[2J\x1b]0;owned\x07lic\r\n\x7f\u0085"},
            {"name": "vm\x1b[31m1\x08"}))),
        "control-schema": lambda: schema(name="\x1b[2J\x1b]0;owned\x07")
        + record({}),
        "control-uuid": lambda: file(record(
            {"Logical_Switch": {"\x1b[31mred": {}}})),
        "control-bytes": lambda: file(raw(b'"name":"\x1b[31m"')),
    }


def reply(number, result):
    return json.dumps({"id": number, "result": result, "error": None}).encode()


ROWS = {"Logical_Switch": {LS: {"initial": {
    "name": "public", "ports": ["uuid", LOCALNET]}}}}
TALK = (reply(0, SCHEMA)
        + reply(1, [{"rows": [{"connected": True, "cid": ["set", []]}]}])
        + reply(2, [False, LS, ROWS]))


def answers():
    """What each kind of server says, whatever it is asked."""
    return {
        "good": TALK,
        "silent": None,
        "hangs-up": b"",
        "mid-reply": TALK[:-40],
        "mid-schema": TALK[:300],
        "http": b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n",
        "tls": b"\x15\x03\x01\x00\x02\x02\x0a",
        "binary": bytes(range(256)) * 100,
        "array": b"[1,2,3]",
        "other-id": reply(4711, SCHEMA),
        "no-schema": reply(0, {"name": 7}),
        "other-schema": reply(0, dict(SCHEMA, name="OVN_Southbound")),
        "refuses": json.dumps({"id": 0, "result": None, "error": {
            "error": "unknown database",
            "details": "\x1b[31mno\n such database"}}).encode(),
        "cut-off": TALK.replace(b'ed": true', b'ed": false'),
        "nested": b'{"id":0,"result":' + b"[" * 10000,
        "utf8": b'{"id":0,"result":"\xff"}',
        "wrong-value": TALK.replace(b'"public"', b"[1,2]"),
        "drips": TALK,
        "floods": b'{"id":null,"method":"update","params":[]}' * 1000,
        "long": b'{"id":0,"result":"' + b"x" * 70000,
    }


def say(connection, kind, answer):
    if answer is None:
        time.sleep(60)
    elif kind == "drips":
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)
    elif kind in ("floods", "long"):
        connection.sendall(answer)
        while True:
            connection.sendall(answer if kind == "floods" else b"x" * 65536)
    else:
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def serve(kind, path):
    answer = answers()[kind]
    tcp = path == "tcp"
    with socket.socket(socket.AF_INET if tcp else socket.AF_UNIX) as listener:
        listener.bind(("127.0.0.1", 0) if tcp else path)
        listener.listen(4)
        print("127.0.0.1:%d" % listener.getsockname()[1] if tcp
              else "unix:" + path, flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    say(connection, kind, answer)
                except OSError:
                    pass


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "make":
        with open(arguments[2], "wb") as out:
            out.write(kinds()[arguments[1]]())
    elif len(arguments) == 3 and arguments[0] == "serve":
        serve(arguments[1], arguments[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
