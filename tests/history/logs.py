"""Logs of ovsdb-server (ovsdb(5)): read, cut, rewritten, spoilt, converted, made
a cluster's; and a server of one's own that writes one."""
import datetime
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROVNET = os.environ.get("PROVNET", str(ROOT / "build/provnet"))
SCHEMAS = "/usr/share/ovn"
TIMEOUT_SECONDS = 60


def provnet(*arguments):
    return subprocess.run([PROVNET, *map(str, arguments)], cwd=ROOT,
                          text=True, capture_output=True, check=False,
                          timeout=TIMEOUT_SECONDS)


def document(*arguments, status=(0, 1)):
    result = provnet(*arguments, "--format", "json")
    assert result.returncode in status, \
        f"exit status {result.returncode}: {result.stderr}"
    return json.loads(result.stdout)


def validate(kind, value):
    import jsonschema
    schema = json.loads((ROOT / "doc/provnet.schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)
    validator({**schema, "$ref": f"#/$defs/{kind}"}).validate(value)


def text_of(date_ms):
    date = datetime.datetime.fromtimestamp(date_ms // 1000,
                                           datetime.timezone.utc)
    return f"{date:%Y-%m-%dT%H:%M:%S}.{date_ms % 1000:03}Z"


def raw_records(path):
    """Each record's header and content, as bytes."""
    data = pathlib.Path(path).read_bytes()
    at = 0
    while at < len(data):
        end = data.index(b"\n", at) + 1
        length = int(data[at:end].split()[2])
        yield data[at:end], data[end:end + length]
        at = end + length


def records(path):
    return [json.loads(content) for _, content in raw_records(path)]


def header(content):
    return b"OVSDB JSON %d %s\n" % (len(content),
                                    hashlib.sha1(content).hexdigest().encode())


def cut_after(path, date_ms):
    """Leaves the records up to a moment: in each log, those before the first
    that is later."""
    kept, latest = [], 0
    for head, content in raw_records(path):
        latest = max(latest, json.loads(content).get("_date", latest))
        if latest > date_ms:
            break
        kept += [head, content]
    pathlib.Path(path).write_bytes(b"".join(kept))


def rewrite(path, change):
    """Lets 'change' alter each transaction, by its number."""
    out = []
    for number, (_, content) in enumerate(raw_records(path)):
        record = json.loads(content)
        if number:
            change(number, record)
        content = json.dumps(record).encode() + b"\n"
        out += [header(content), content]
    pathlib.Path(path).write_bytes(b"".join(out))


def spoil(path, number):
    """Alters a byte of a record, whose checksum then is wrong."""
    out = []
    for i, (head, content) in enumerate(raw_records(path)):
        if i == number:
            content = content.replace(b'"_date"', b'"_dote"')
        out += [head, content]
    pathlib.Path(path).write_bytes(b"".join(out))


def convert(path, schema):
    """What an upgrade does with a database (upgrade_db() in ovs-lib); returns
    the copy that it makes before."""
    def tool(*arguments):
        return subprocess.run(["ovsdb-tool", *arguments], check=True,
                              text=True, stdout=subprocess.PIPE).stdout
    copy = "%s.backup%s-%s" % (path, tool("db-version", path).strip(),
                               tool("db-cksum", path).split()[0])
    shutil.copy(path, copy)
    tool("compact", path)
    tool("convert", path, schema)
    return copy


def cluster_records(transactions, schema, cluster, first_date):
    """The records of a member's file that holds these transactions."""
    def name():
        return str(uuid.uuid4())
    yield {"name": schema["name"], "cluster_id": cluster, "server_id": name(),
           "local_address": "unix:a", "prev_term": 1, "prev_index": 1,
           "prev_eid": name(), "prev_servers": {name(): "unix:a"},
           "prev_data": [schema, {"_date": first_date,
                                  "_comment": "created from nb.ovsschema"}]}
    yield {"term": 1, "vote": name()}
    for index, transaction in enumerate(transactions, 2):
        yield {"term": 1, "index": index, "eid": name(),
               "data": [None, transaction]}
        yield {"commit_index": index}


def make_cluster(path, target, cluster=None, n=None):
    """Writes what a member of a cluster would have, from a standalone file: its
    first 'n' transactions."""
    schema, *transactions = records(path)
    with open(target, "wb") as out:
        for record in cluster_records(transactions[:n], schema,
                                      cluster or str(uuid.uuid4()),
                                      transactions[0]["_date"]):
            content = json.dumps(record).encode() + b"\n"
            out.write(header(content).replace(b"JSON", b"CLUSTER") + content)


class Server:
    """An ovsdb-server with an empty database, or with a file that is there
    already, and its file afterwards."""

    def __init__(self, folder, name, schema=None):
        self.schema = schema or f"{SCHEMAS}/ovn-{name}.ovsschema"
        self.folder = pathlib.Path(folder)
        self.name = name
        self.file = str(self.folder / f"{name}.db")
        self.process = None

    def _path(self, kind):
        return str(self.folder / f"{self.name}.{kind}")

    def __enter__(self):
        if not os.path.exists(self.file):
            subprocess.run(["ovsdb-tool", "create", self.file, self.schema],
                           check=True)
        self.process = subprocess.Popen(
            ["ovsdb-server", "-voff", f"--remote=punix:{self._path('sock')}",
             f"--unixctl={self._path('ctl')}", self.file])
        self.await_it()
        return self

    def await_it(self):
        """Until it answers: its socket is there a little earlier."""
        for _ in range(500):
            with socket.socket(socket.AF_UNIX) as client:
                if client.connect_ex(self._path("sock")) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("ovsdb-server does not start")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def ctl(self, *arguments):
        # Not --db: the comments of records shall be short.
        variable = f"OVN_{self.name.upper()}_DB"
        subprocess.run([f"ovn-{self.name}ctl", *arguments], check=True,
                       timeout=10, stdout=subprocess.DEVNULL,
                       env={**os.environ,
                            variable: f"unix:{self._path('sock')}"})

    def appctl(self, *arguments):
        subprocess.run(["ovs-appctl", "-t", self._path("ctl"), *arguments],
                       check=True, timeout=10, stdout=subprocess.DEVNULL)


def small_network(nb):
    nb.ctl("ls-add", "public", "--", "lsp-add", "public", "ln", "--",
           "lsp-set-type", "ln", "localnet", "--", "lsp-set-addresses", "ln",
           "unknown", "--", "lsp-set-options", "ln", "network_name=physnet")
    for i in (1, 2):
        nb.ctl("lsp-add", "public", f"vm{i}", "--", "lsp-set-addresses",
               f"vm{i}", f"00:00:00:00:00:0{i} 10.0.0.{i}")
