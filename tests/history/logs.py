"""Logs of ovsdb-server (ovsdb(5), "Standalone Format"): read, cut, rewritten;
and a server of one's own that writes one."""
import datetime
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROVNET = os.environ.get("PROVNET", str(ROOT / "build/provnet"))
SCHEMAS = "/usr/share/ovn"
TIMEOUT_SECONDS = 60


def provnet(*arguments):
    return subprocess.run([PROVNET, *map(str, arguments)], cwd=ROOT,
                          text=True, capture_output=True, check=False,
                          timeout=TIMEOUT_SECONDS)


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


class Server:
    """An ovsdb-server with an empty database, and its file afterwards."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.file = str(self.folder / f"{name}.db")
        self.process = None

    def _path(self, kind):
        return str(self.folder / f"{self.name}.{kind}")

    def __enter__(self):
        subprocess.run(["ovsdb-tool", "create", self.file,
                        f"{SCHEMAS}/ovn-{self.name}.ovsschema"], check=True)
        self.process = subprocess.Popen(
            ["ovsdb-server", "-voff", f"--remote=punix:{self._path('sock')}",
             f"--unixctl={self._path('ctl')}", self.file])
        for _ in range(200):
            if os.path.exists(self._path("sock")):
                return self
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
