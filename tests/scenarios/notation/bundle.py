"""A deployment in the notation of the scenarios, written as a bundle.

README.md tells what the statements mean.
"""
import json
import os
import shutil

from notation.database import Database, Schema, ScenarioError, uuid_of

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START_MS = 1795338000000  # 2026-11-22T09:00:00Z
STEP_MS = 60000           # Between two transactions.

LINK_FLAGS = {'up': ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
              'down': ['BROADCAST', 'MULTICAST'],
              'no-carrier': ['NO-CARRIER', 'BROADCAST', 'MULTICAST', 'UP']}
LINK_STATES = {'up': 'UP', 'down': 'DOWN', 'no-carrier': 'DOWN'}


class Chassis:
    """What a chassis's folder holds beside conf.db."""

    def __init__(self):
        self.links = {}       # Name -> (state, kind).
        self.ips = None       # Name -> addresses, once there are any.
        self.interfaces = {}  # Name -> {column: value}; interface.json.
        self.flows = {}       # Bridge -> lines.
        self.next_ofport = {}  # Bridge -> number.


class Deployment:
    def __init__(self):
        self.databases = {}
        self.chassis = {}
        self.networks = []  # neutron/networks.json.
        self.left_out = []
        self.time_ms = START_MS
        self.comment = ''

    # Statements.

    def database(self, name):
        if name not in self.databases:
            kind = name if name in ('nb', 'sb') else 'ovs'
            path = os.path.join(FOLDER, 'schema', kind + '.ovsschema')
            self.databases[name] = Database(name, Schema(path))
            if kind == 'ovs':
                self.chassis[name] = Chassis()
        return self.databases[name]

    def commit(self):
        for database in self.databases.values():
            database.commit(self.time_ms, self.comment)

    def begin(self, comment):
        """Ends the transaction before, and begins another one."""
        self.commit()
        self.time_ms += STEP_MS
        self.comment = comment

    def apply(self, statement):
        """Carries out one statement of a scenario."""
        words = statement.words
        if words[0] == '@':
            self.begin(statement.text[1:].strip())
        elif words[0] == 'without':
            self.leave_out(*words[1:])
        elif words[:2] == ['neutron', 'network']:
            self.networks.append(network_json(*words[2:]))
        else:
            verbs = CHASSIS_VERBS if words[1] in CHASSIS_VERBS else ROW_VERBS
            if len(words) < 2 or words[1] not in verbs:
                raise ScenarioError('no such statement')
            database = self.database(words[0])
            if verbs is CHASSIS_VERBS:
                verbs[words[1]](self, words[0], statement)
            else:
                verbs[words[1]](database, *words[2:])

    def leave_out(self, kind, *what):
        if kind == 'file':
            self.left_out.append(what[0])
        elif kind in ('table', 'column'):
            self.commit()
            self.database(what[0]).leave_out(*what[1:])
        else:
            raise ScenarioError('without what?  file, table or column')

    # The bundle.

    def write(self, folder):
        self.commit()
        for name, database in self.databases.items():
            path = os.path.join(folder, name + '.db') \
                if name in ('nb', 'sb') \
                else os.path.join(folder, name, 'conf.db')
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as file:
                file.write(database.log())
        for name, chassis in self.chassis.items():
            write_chassis(os.path.join(folder, name), chassis)
        if self.networks:
            os.makedirs(os.path.join(folder, 'neutron'))
            write_json(os.path.join(folder, 'neutron', 'networks.json'),
                       {'networks': self.networks})
        for path in self.left_out:
            remove(os.path.join(folder, path))


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.remove(path)
    else:
        raise ScenarioError('there is no file %s to leave out' % path)


def write_json(path, document):
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=1)


def write_chassis(folder, chassis):
    if chassis.links:
        write_json(os.path.join(folder, 'ip-link.json'),
                   [link_json(i + 1, name, chassis, *link) for i, (name, link)
                    in enumerate(chassis.links.items())])
    if chassis.interfaces:
        write_json(os.path.join(folder, 'interface.json'),
                   interfaces_json(chassis.interfaces))
    for bridge, lines in chassis.flows.items():
        os.makedirs(os.path.join(folder, 'flows'), exist_ok=True)
        with open(os.path.join(folder, 'flows', bridge + '.txt'), 'w',
                  encoding='utf-8') as file:
            file.write('NXST_FLOW reply (xid=0x4):\n')
            file.writelines(flow_line(line) for line in lines)


def link_json(index, name, chassis, state, kind):
    """As `ip -json -details link` prints it, or `address` if it has any."""
    document = {'ifindex': index, 'ifname': name, 'flags': LINK_FLAGS[state],
                'mtu': 1500, 'operstate': LINK_STATES[state],
                'link_type': 'ether',
                'address': '52:54:00:00:00:%02x' % index}
    if kind:
        document['linkinfo'] = {'info_kind': kind}
    if chassis.ips is not None:
        document['addr_info'] = [
            {'family': 'inet', 'local': ip.split('/')[0],
             'prefixlen': int(ip.split('/')[1]), 'scope': 'global'}
            for ip in chassis.ips.get(name, [])]
    return document


def network_json(name, *words):
    """As Neutron answers GET /v2.0/networks."""
    document = {'id': name, 'name': name, 'provider:physical_network': None,
                'provider:segmentation_id': None}
    for word in words:
        key, _, value = word.partition('=')
        document[key] = int(value) if value.isdigit() else value
    return document


def interfaces_json(interfaces):
    """As `ovs-vsctl --format=json list Interface` prints it."""
    headings = ['admin_state', 'bfd_status', 'error', 'link_state', 'mtu', 'name',
                'ofport']
    rows = [[{**row, 'name': name}.get(column, ['set', []])
             for column in headings] for name, row in interfaces.items()]
    return {'headings': headings, 'data': rows}


def flow_line(line):
    """As `ovs-ofctl dump-flows` prints it: what a scenario leaves out are
    the counters."""
    return (' cookie=0x0, duration=35.939s, table=0, n_packets=444, '
            'n_bytes=41108, idle_age=2, %s\n' % line)


# Verbs about rows: those of ovn-nbctl(8), "Database Commands".

def split_assignment(word):
    """COLUMN=VALUE or COLUMN:KEY=VALUE."""
    place, equals, value = word.partition('=')
    if not equals:
        raise ScenarioError('"%s" is no COLUMN[:KEY]=VALUE' % word)
    column, colon, key = place.partition(':')
    return column, key if colon else None, value


def split_set(column, text):
    parts = text.split(',') if not column.is_scalar else [text]
    return [column.parse(part) for part in parts if part or column.is_scalar]


def uuid_of_other(text):
    """@DB/TABLE/NAME: the UUID of another database's row, as text."""
    return uuid_of(*text[1:].split('/'))


def assign(database, table, row, words):
    for word in words:
        name, key, text = split_assignment(word)
        column = database.schema.column(table, name)
        text = uuid_of_other(text) if text.startswith('@') else text
        if column.is_map:
            row.setdefault(name, {})[key] = text
        else:
            row[name] = split_set(column, text)


def create(database, table, name, *words):
    parent = None
    if words[:1] == ('in',):
        parent, words = words[1], words[2:]
    assign(database, table, database.create(table, name, parent), words)


def change(database, table, name, *words):
    assign(database, table, database.find(table, name), words)


def add(database, table, name, column_name, *values):
    row = database.find(table, name)
    column = database.schema.column(table, column_name)
    value = row.setdefault(column_name, column.empty())
    for text in values:
        if column.is_map:
            key, _, value[key] = text.partition('=')
        else:
            value.append(column.parse(text))


def remove_from(database, table, name, column_name, *values):
    value = database.find(table, name).get(column_name)
    for text in values:
        if isinstance(value, dict) and text in value:
            del value[text]
        elif isinstance(value, list) and text in map(str, value):
            value.remove(database.schema.column(table,
                                                column_name).parse(text))
        else:
            raise ScenarioError('there is no "%s" in %s' % (text,
                                                            column_name))


def clear(database, table, name, *columns):
    row = database.find(table, name)
    for column in columns:
        row[column] = database.schema.column(table, column).default()


def destroy(database, table, *names):
    for name in names:
        database.destroy(table, name)


def write_whole_columns(database):
    database.writes_differences = False


ROW_VERBS = {'create': create, 'set': change, 'add': add,
             'remove': remove_from, 'clear': clear, 'destroy': destroy,
             'whole-columns': write_whole_columns}


# Verbs about a chassis.

def compact(deployment, name, _):
    deployment.commit()
    deployment.time_ms += STEP_MS
    deployment.databases[name].compact(deployment.time_ms)


def add_bridge(deployment, name, statement):
    database = deployment.databases[name]
    bridge = statement.words[2]
    create(database, 'Bridge', bridge, 'in', '.', *statement.words[3:])
    create(database, 'Port', bridge, 'in', bridge)
    create(database, 'Interface', bridge, 'in', bridge, 'type=internal',
           'ofport=65534')
    deployment.chassis[name].next_ofport[bridge] = 1


def take_ofport(deployment, name, bridge):
    numbers = deployment.chassis[name].next_ofport
    numbers[bridge] += 1
    return numbers[bridge] - 1


def plug(deployment, name, bridge, port, words, port_words=()):
    """A port with one interface, as `ovs-vsctl add-port` makes it."""
    database = deployment.databases[name]
    adopt_port(database, port, bridge, port_words)
    database.create('Interface', port)
    adopt_interface(database, port)
    if not any(word.startswith('ofport=') for word in words):
        words = ['ofport=%d' % take_ofport(deployment, name, bridge), *words]
    assign(database, 'Interface', database.find('Interface', port), words)


def adopt_port(database, port, bridge, words):
    row = database.create('Port', port)
    database.find('Bridge', bridge).setdefault('ports', []).append(port)
    assign(database, 'Port', row, words)


def adopt_interface(database, port):
    row = database.find('Port', port)
    row.setdefault('interfaces', []).append(port)


def add_port(deployment, name, statement):
    bridge, port, *words = statement.words[2:]
    plug(deployment, name, bridge, port, words)


def add_bond(deployment, name, statement):
    bridge, port, *members = statement.words[2:]
    database = deployment.databases[name]
    adopt_port(database, port, bridge, ['bond_mode=active-backup'])
    for member in members:
        database.create('Interface', member)
        database.find('Port', port).setdefault('interfaces',
                                               []).append(member)
        number = take_ofport(deployment, name, bridge)
        change(database, 'Interface', member, 'ofport=%d' % number)


def del_port(deployment, name, statement):
    for port in statement.words[2:]:
        deployment.databases[name].destroy('Port', port)


def patch(deployment, name, statement):
    """The pair that ovn-controller makes for a localnet port."""
    localnet, bridge = statement.words[2:]
    inner = 'patch-br-int-to-' + localnet
    outer = 'patch-%s-to-br-int' % localnet
    owner = ['external_ids:ovn-localnet-port=' + localnet]
    for port, at, peer in ((outer, bridge, inner), (inner, 'br-int', outer)):
        plug(deployment, name, at, port,
             ['type=patch', 'options:peer=' + peer], owner)


def unpatch(deployment, name, statement):
    for localnet in statement.words[2:]:
        for port in ('patch-br-int-to-' + localnet,
                     'patch-%s-to-br-int' % localnet):
            deployment.databases[name].destroy('Port', port)


def link(deployment, name, statement):
    device, state, *kind = statement.words[2:]
    if state not in LINK_FLAGS:
        raise ScenarioError('a link is up, down or no-carrier')
    deployment.chassis[name].links[device] = (state, ''.join(kind))


def address(deployment, name, statement):
    chassis = deployment.chassis[name]
    chassis.ips = chassis.ips or {}
    for device, ip in zip(statement.words[2::2], statement.words[3::2]):
        chassis.ips.setdefault(device, []).append(ip)


def interface(deployment, name, statement):
    row = deployment.chassis[name].interfaces.setdefault(statement.words[2],
                                                         {})
    for word in statement.words[3:]:
        column, _, value = word.partition('=')
        column, _, key = column.partition(':')
        if key:
            row.setdefault(column, ['map', []])[1].append([key, value])
            continue
        row[column] = int(value) if column in ('mtu', 'ofport') else value


def flows(deployment, name, statement):
    deployment.chassis[name].flows[statement.words[2]] = statement.lines


CHASSIS_VERBS = {'compact': compact, 'add-br': add_bridge,
                 'add-port': add_port, 'add-bond': add_bond,
                 'del-port': del_port, 'patch': patch, 'unpatch': unpatch,
                 'link': link, 'address': address, 'interface': interface, 'flows': flows}
