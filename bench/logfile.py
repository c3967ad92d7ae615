"""Writing OVSDB database files, standalone form (ovsdb(5)).

A Database holds rows as ovsdb-server does after it compacted its file: one
record with everything, then one record a transaction, as differences
("_is_diff").  Columns and tables that the installed schema does not know are
left out, so the same rows serve several versions of OVN.
"""

import hashlib
import json
import shutil
import tempfile

SPOOL_BYTES = 64 << 20


def encode(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def ref(uuid):
    return ["uuid", uuid]


def one_or_set(atoms):
    """A set as OVSDB writes it: sorted, and a single element bare."""
    return atoms[0] if len(atoms) == 1 else ["set", sorted(atoms)]


def refs(uuids):
    return one_or_set([ref(uuid) for uuid in uuids])


def strings(mapping):
    return ["map", sorted([k, v] for k, v in mapping.items())]


class Toggle:
    """Elements of a set that come or go, for a later record: what '_is_diff'
    stores, without a look at the set."""

    def __init__(self, value):
        self.value = value


def map_difference(old, new):
    """What '_is_diff' stores for a map that becomes 'new'."""
    before, after = dict(old[1] if old else []), dict(new[1])
    pairs = [[k, v] for k, v in after.items() if before.get(k) != v]
    pairs += [[k, v] for k, v in before.items() if k not in after]
    return ["map", sorted(pairs)]


def stored(old, new):
    if isinstance(new, Toggle):
        return new.value
    if isinstance(new, list) and new[0] == "map":
        return map_difference(old, new)
    return new


class LogFile:
    """Appends records to the file at 'path'."""

    def __init__(self, path):
        self.out = open(path, "wb")

    def close(self):
        self.out.close()

    def record(self, chunks):
        """Writes a record whose body is 'chunks' of text; its length and
        checksum stand before it, so it waits in a spool until it is whole."""
        sha1 = hashlib.sha1()
        length = 0
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as spool:
            for chunk in chunks:
                data = chunk.encode()
                sha1.update(data)
                length += len(data)
                spool.write(data)
            header = "OVSDB JSON %d %s\n" % (length, sha1.hexdigest())
            self.out.write(header.encode())
            spool.seek(0)
            shutil.copyfileobj(spool, self.out, 1 << 20)


class Database:
    def __init__(self, schema_path):
        with open(schema_path, encoding="utf-8") as f:
            self.schema = json.load(f)
        self.columns = {name: set(table["columns"])
                        for name, table in self.schema["tables"].items()}
        self.tables = {name: {} for name in self.columns}
        self.streams = {}
        self.history = []
        self.n_streamed = {}

    def insert(self, table, uuid, row):
        """Adds a row to what the first record holds."""
        if table in self.tables:
            self.tables[table][uuid] = self.known(table, row)
        return uuid

    def stream(self, table, rows):
        """Rows (uuid, row) that are too many to keep; no later record may
        touch them."""
        if table in self.tables:
            self.streams[table] = rows

    def known(self, table, row):
        columns = self.columns[table]
        if row.keys() <= columns:
            return row
        return {c: v for c, v in row.items() if c in columns}

    def transact(self, date_ms, comment, changes):
        """Queues a later record.  'changes' are (table, uuid, row): the new
        values of some columns (of a set, a Toggle), all columns of a row that
        is new, or None for a row that goes.  Records must come in the order
        of their dates."""
        record = {}
        for table, uuid, row in changes:
            if table not in self.tables:
                continue
            rows = self.tables[table]
            into = record.setdefault(table, {})
            if row is None:
                into[uuid] = None
                del rows[uuid]
                continue
            row = self.known(table, row)
            old = rows.get(uuid)
            into[uuid] = {c: stored(old.get(c), v) for c, v in row.items()} \
                if old else row
            rows[uuid] = {**(old or {}), **{
                c: v for c, v in row.items() if not isinstance(v, Toggle)}}
        self.history.append((date_ms, comment, record))

    def snapshot(self):
        """Freezes what the first record holds; transact() comes after."""
        self.first = {table: dict(rows)
                      for table, rows in self.tables.items()}

    def body(self, date_ms, comment):
        yield '{"_date":%d' % date_ms
        for table in sorted(self.first):
            # By UUID, which is to say at random, as a hash table gives them.
            rows = sorted(self.first[table].items())
            if not rows and table not in self.streams:
                continue
            yield ',"%s":{' % table
            comma = ""
            for uuid, row in rows:
                yield '%s"%s":%s' % (comma, uuid, encode(row))
                comma = ","
            n = len(rows)
            for uuid, row in self.streams.get(table, ()):
                n += 1
                yield '%s"%s":%s' % (comma, uuid, encode(row))
                comma = ","
            self.n_streamed[table] = n
            yield "}"
        yield ',"_comment":%s}\n' % encode(comment)

    def write(self, path, date_ms):
        log = LogFile(path)
        log.record([encode(self.schema) + "\n"])
        log.record(self.body(date_ms, "compacting database online"))
        for when_ms, comment, record in self.history:
            record = {"_date": when_ms, **record, "_is_diff": True}
            if comment:
                record["_comment"] = comment
            log.record([encode(record) + "\n"])
        log.close()

    def count(self):
        """Rows a table, after the last record."""
        counts = {table: len(rows) for table, rows in self.tables.items()}
        for table in self.streams:
            counts[table] = self.n_streamed[table]
        return {table: n for table, n in counts.items() if n}
