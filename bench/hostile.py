"""Files that are damaged, or made to harm: what they cost until provnet has
answered, and that it answers as it should."""

import hashlib
import json
import os
import tempfile

import measuring
from bundles import HOSTILE_SB, generate, log, made_of, shaped
from report import MB, Budget

SCHEMA = "/usr/share/ovn/ovn-sb.ovsschema"
FINE, REFUSED = (0, 1), (2,)

# Of one token, in base/input.h; the window over it doubles, and its text is
# kept beside it.
TOKEN_BYTES = 16 << 20
CEILING_BYTES = 4 * TOKEN_BYTES
STRING_BYTES = 1000 * MB
N_TABLES = 1000000


def check(bench, nb, sb):
    """With a northbound database that costs nothing; however it ends."""
    cost = bench.meter.command(bench.provnet, "check", "--nb", nb, "--sb", sb,
                               statuses=range(-1, 256))
    del cost["output"]
    return cost


def ended(cost, statuses):
    return Budget("exit status %s (%d)" % (
        " or ".join(map(str, statuses)), cost["status"]),
        cost["status"] in statuses)


def write_record(f, chunks):
    """The header comes before what it is made of, so 'chunks' is a function
    that gives them twice."""
    sha1, length = hashlib.sha1(), 0
    for chunk in chunks():
        sha1.update(chunk)
        length += len(chunk)
    f.write(b"OVSDB JSON %d %s\n" % (length, sha1.hexdigest().encode()))
    f.writelines(chunks())


def schema_of_southbound():
    with open(SCHEMA, encoding="utf-8") as schema:
        yield json.dumps(json.load(schema)).encode() + b"\n"


def schema_of_many_tables():
    yield b'{"name":"OVN_Southbound","version":"20.27.0","tables":{'
    yield b'"table":{"columns":{}}'
    for i in range(N_TABLES):
        yield b',"table%06d":{"columns":{"name":{"type":"string"}}}' % i
    yield b"}}\n"


def write_log(path, *records):
    """A log of a schema and its transactions, each a function that gives
    chunks."""
    with open(path, "wb") as f:
        for chunks in records:
            write_record(f, chunks)


def string_in(before, after):
    def chunks():
        yield before
        for _ in range(STRING_BYTES // MB):
            yield b"x" * MB
        yield after
    return chunks


def many_tables():
    yield b'{"_date":1795341600000'
    for i in range(N_TABLES):
        yield b',"table%06d":{}' % i
    yield b"}\n"


UUID = b"aaaaaaaa-0000-4000-8000-000000000001"

# What its records are, and what must become of it.
MADE = {
    "a string of 1 GB in a column that is read": ((
        schema_of_southbound, string_in(
            b'{"_date":1,"Chassis":{"%s":{"name":"' % UUID, b'"}}}\n')),
        REFUSED),
    "a string of 1 GB in a column that is not read": ((
        schema_of_southbound, string_in(
            b'{"_date":1,"Logical_Flow":{"%s":{"match":"' % UUID,
            b'"}}}\n')), FINE),
    "a million tables": ((schema_of_southbound, many_tables), FINE),
    "a schema of a million tables": ((schema_of_many_tables,), FINE)}


def flip(directory):
    """One bit of the last record."""
    with open(os.path.join(directory, "sb.db"), "r+b") as f:
        f.seek(-10, os.SEEK_END)
        byte = f.read(1)[0]
        f.seek(-10, os.SEEK_END)
        f.write(bytes([byte ^ 1]))


def damage(report, bench, nb):
    """Refusing a damaged file, beside reading the one that is whole; the file
    is nearly all of the work."""
    whole = generate("hostile-sb", HOSTILE_SB)
    paths = [os.path.join(directory, "sb.db")
             for directory in (whole, made_of(whole, "-bit", flip))]
    costs = measuring.alternate(bench.runs, {
        "whole": lambda: bench.meter.read_file(bench.read_file, "sb",
                                               paths[0]),
        "damaged": lambda: check(bench, nb, paths[1])})
    n_bytes = os.path.getsize(paths[1])
    ratio = costs["damaged"]["wall"] / costs["whole"]["wall"]
    peak = costs["damaged"]["peak_bytes"] / n_bytes
    report.add("refuse sb.db, %.0f MB, a wrong bit in its last record"
               % (n_bytes / MB), costs["damaged"], n_bytes,
               {"read it undamaged": costs["whole"]},
               [ended(costs["damaged"], REFUSED),
                Budget("<= 1.1 x reading it undamaged (%.2f)" % ratio,
                       ratio <= 1.1),
                Budget("peak <= 1.0 x the file", peak <= 1.0)])


def made(report, bench, nb, name, scratch):
    records, statuses = MADE[name]
    path = os.path.join(scratch, "sb.db")
    write_log(path, *records)
    n_bytes = os.path.getsize(path)
    cost = measuring.alternate(bench.runs, {
        name: lambda: check(bench, nb, path)})[name]
    os.unlink(path)
    limit = min(n_bytes, CEILING_BYTES)
    report.add("%s sb.db, %s" % ("refuse" if statuses == REFUSED else "read",
                                 name), cost, n_bytes, {},
               [ended(cost, statuses),
                Budget("peak <= %.0f MB" % (limit / MB),
                       cost["peak_bytes"] <= limit)])


def run(report, bench):
    log("Reading what is hostile ...")
    nb = os.path.join(shaped("home"), "nb.db")
    damage(report, bench, nb)
    with tempfile.TemporaryDirectory() as scratch:
        for name in MADE:
            made(report, bench, nb, name, scratch)
