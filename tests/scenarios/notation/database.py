"""OVSDB databases: rows by name, and the log file that a server would write.

A row is known by its table and its name; its UUID is made from both, so that
it is the same in every run.  Columns hold what RFC 7047 calls their value: a
dict for maps, a list of atoms for sets and for single values alike.  A
reference is the name of the row that it means.
"""
import copy
import hashlib
import json
import uuid

NAMESPACE = uuid.UUID('9d8a65cb-7294-4639-8f8a-0e72d4bf9394')


class ScenarioError(Exception):
    """Something in a scenario file that makes no sense."""


def uuid_of(database, table, name, generation=1):
    path = '/'.join((database, table, name, str(generation)))
    return str(uuid.uuid5(NAMESPACE, path))


class Column:
    """One column's type (RFC 7047, section 3.2, <type>)."""

    def __init__(self, description):
        kind = description['type']
        kind = kind if isinstance(kind, dict) else {'key': kind}
        key = kind['key'] if isinstance(kind['key'], dict) \
            else {'type': kind['key']}
        self.atom = key['type']
        self.table = key.get('refTable')
        self.is_weak = key.get('refType') == 'weak'
        self.is_map = 'value' in kind
        self.is_scalar = kind.get('max', 1) == 1
        self.is_optional = kind.get('min', 1) == 0
        self.is_ephemeral = description.get('ephemeral', False)

    def parse(self, text):
        """The atom that 'text' means."""
        if self.atom == 'integer':
            return int(text)
        if self.atom == 'boolean':
            if text not in ('true', 'false'):
                raise ScenarioError('"%s" is neither true nor false' % text)
            return text == 'true'
        return text

    def empty(self):
        return {} if self.is_map else []

    def default(self):
        """What a column that a row does not have is taken for."""
        if not self.is_map and self.is_scalar and not self.is_optional:
            return {'integer': [0], 'boolean': [False],
                    'string': ['']}.get(self.atom, [])
        return self.empty()


class Schema:
    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            self.document = json.load(file)
        self.read()

    def read(self):
        self.tables = {
            table: {name: Column(description)
                    for name, description in body['columns'].items()}
            for table, body in self.document['tables'].items()}

    def drop(self, table, column=None):
        """Takes out what another version of OVN does not have."""
        if column:
            del self.document['tables'][table]['columns'][column]
        else:
            del self.document['tables'][table]
        self.read()

    def column(self, table, name):
        if name not in self.tables[table]:
            raise ScenarioError('table %s has no column %s' % (table, name))
        return self.tables[table][name]

    def owning_column(self, parent_table, table):
        """The column of 'parent_table' that lists rows of 'table'."""
        for name, column in self.tables[parent_table].items():
            if column.table == table and not column.is_weak:
                return name
        return None

    def is_root(self, table):
        return self.document['tables'][table].get('isRoot', False)


class Database:
    """The rows as they are, and the records of the log that led there."""

    def __init__(self, name, schema):
        self.name = name
        self.schema = schema
        self.rows = {}         # (table, name) -> {column: value}
        self.generations = {}  # (table, name) -> how often it was created
        self.committed = {}    # UUID -> (table, row).
        self.records = []
        self.writes_differences = True

    def find(self, table, name):
        if table not in self.schema.tables:
            raise ScenarioError('%s has no table %s' % (self.name, table))
        if (table, name) not in self.rows:
            raise ScenarioError('%s has no %s "%s"'
                                % (self.name, table, name))
        return self.rows[table, name]

    def create(self, table, name, parent=None):
        if table not in self.schema.tables:
            raise ScenarioError('%s has no table %s' % (self.name, table))
        if (table, name) in self.rows:
            raise ScenarioError('%s has a %s "%s" already'
                                % (self.name, table, name))
        self.generations[table, name] = \
            self.generations.get((table, name), 0) + 1
        self.rows[table, name] = row = {}
        for own in ('name', 'logical_port'):
            if own in self.schema.tables[table]:
                row[own] = [name]
        if parent:
            self.adopt(table, name, parent)
        return row

    def adopt(self, table, name, parent):
        for (parent_table, parent_name), row in self.rows.items():
            column = self.schema.owning_column(parent_table, table)
            if parent_name == parent and column:
                row.setdefault(column, []).append(name)
                return
        raise ScenarioError('nothing called "%s" can own a %s'
                            % (parent, table))

    def destroy(self, table, name):
        """Takes out the row, the references to it, and what it alone owned,
        as OVSDB does."""
        self.find(table, name)
        del self.rows[table, name]
        for (other, _), row in self.rows.items():
            for column, value in row.items():
                if self.schema.column(other, column).table == table \
                        and name in value:
                    value.remove(name)
        self.collect_garbage()

    def is_owned(self, table, name):
        return any(name in row.get(column, [])
                   for (other, _), row in self.rows.items()
                   for column, kind in self.schema.tables[other].items()
                   if kind.table == table and not kind.is_weak)

    def collect_garbage(self):
        lost = [(table, name) for table, name in self.rows
                if not self.schema.is_root(table)
                and not self.is_owned(table, name)]
        for key in lost:
            del self.rows[key]
        if lost:
            self.collect_garbage()

    def leave_out(self, table, column=None):
        """Is of a version that does not have this table or column."""
        self.schema.drop(table, column)
        if column:
            for (other, _), row in self.rows.items():
                if other == table:
                    row.pop(column, None)
        else:
            self.rows = {key: row for key, row in self.rows.items()
                         if key[0] != table}

    # Records.

    def uuid_of(self, table, name):
        return uuid_of(self.name, table, name,
                       self.generations.get((table, name), 1))

    def resolved(self, table, row):
        """A copy of a row, with its references as UUIDs."""
        copied = {}
        for name, value in row.items():
            column = self.schema.column(table, name)
            copied[name] = [['uuid', self.uuid_of(column.table, atom)]
                            for atom in value] \
                if column.atom == 'uuid' else copy.copy(value)
        return copied

    def changed_columns(self, table, old, new):
        """The columns of a row that a record names; 'old' is None for a row
        that is new."""
        changes = {}
        for name, column in self.schema.tables[table].items():
            before = (old or {}).get(name, column.default())
            after = new.get(name, column.default())
            if column.is_ephemeral or before == after:
                continue
            whole = old is None or not self.writes_differences
            value = after if whole else difference(column, before, after)
            changes[name] = value_json(column, value)
        return changes

    def changes(self, rows):
        """What has become of each row since the last commit, as a record
        says it."""
        tables = {}
        for key, (table, _) in self.committed.items():
            if key not in rows:
                tables.setdefault(table, {})[key] = None
        for key, (table, row) in rows.items():
            old = self.committed[key][1] if key in self.committed else None
            changed = self.changed_columns(table, old, row)
            if changed or old is None:
                tables.setdefault(table, {})[key] = changed
        return tables

    def commit(self, time_ms, comment):
        """Writes what has changed as one record, if anything has."""
        rows = {self.uuid_of(table, name): (table, self.resolved(table, row))
                for (table, name), row in self.rows.items()}
        tables = self.changes(rows)
        if not tables:
            return
        record = {'_date': time_ms, **tables}
        if comment:
            record['_comment'] = comment
        if self.writes_differences:
            record['_is_diff'] = True
        self.records.append(record)
        self.committed = rows

    def compact(self, time_ms):
        """Leaves one record of the whole content, as ovsdb-server does."""
        self.records = []
        self.committed = {}
        self.commit(time_ms, 'compacting database online')

    def log(self):
        """The bytes of the file."""
        return b''.join(record_bytes(document) for document
                        in [self.schema.document] + self.records)


def difference(column, old, new):
    """What a record with _is_diff holds: maps and sets by what differs
    (ovsdb/ovsdb-data.c, ovsdb_datum_diff())."""
    if column.is_map:
        keys = [k for k in {**old, **new} if old.get(k) != new.get(k)]
        return {k: new.get(k, old.get(k)) for k in keys}
    if column.is_scalar:
        return new
    return [a for a in old if a not in new] + [a for a in new if a not in old]


def value_json(column, value):
    """A column's value (RFC 7047, section 5.1, <value>)."""
    if column.is_map:
        return ['map', sorted([k, v] for k, v in value.items())]
    return value[0] if len(value) == 1 else ['set', sorted(value)]


def record_bytes(document):
    """One record of a standalone file (ovsdb(5), "Standalone Format")."""
    body = (json.dumps(document, ensure_ascii=False, separators=(',', ':'))
            + '\n').encode()
    return b'OVSDB JSON %d %s\n%s' % (
        len(body), hashlib.sha1(body).hexdigest().encode(), body)
