"""Running programs and saying what they cost: wall and CPU seconds, and peak
memory in bytes."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

TIMEOUT_S = 300
PEER_S = 10
COSTS = ("wall", "cpu", "peak_bytes")

JSON_LOADS = """
import json, sys
with open(sys.argv[1], "rb") as f:
    while header := f.readline():
        json.loads(f.read(int(header.split()[2])))
"""


class Failed(Exception):
    pass


def medians(runs):
    """The median of each cost, which need not be of the same run."""
    return {cost: statistics.median(run[cost] for run in runs)
            for cost in COSTS}


def is_enough(done):
    """A slow peer leaves early: after one turn that took PEER_S seconds, or
    after three that did together."""
    total = sum(run["wall"] for run in done)
    return done and (done[0]["wall"] >= PEER_S
                     or len(done) >= 3 and total >= PEER_S)


def alternate(n, subjects, peers=None):
    """Runs every one of 'subjects' and 'peers' (name -> function) 'n' times,
    in turns, so that a disturbance of the machine hits all of them; after one
    run of the first that does not count, which fills the page cache.  Returns
    name -> medians, with what the last run returned besides; 'runs' says how
    many there were, since a slow peer leaves early."""
    peers = peers or {}
    runs = {name: [] for name in {**subjects, **peers}}
    next(iter(subjects.values()))()
    for _ in range(n):
        for name, run in {**subjects, **peers}.items():
            if name not in peers or not is_enough(runs[name]):
                if runs[name]:
                    runs[name][-1].pop("output", None)
                runs[name].append(run())
    return {name: {**results[-1], **medians(results), "runs": len(results)}
            for name, results in runs.items()}


class Meter:
    """'launcher' is the program built from measure.c.  What commands print
    goes over what the ones before printed, into a file that is there: getting
    room for a new one is the kernel's work, not theirs."""

    def __init__(self, launcher):
        self.launcher = launcher
        self.output = tempfile.TemporaryFile(buffering=0)

    def command(self, *command, statuses=(0,), touch=0):
        """Runs a command, after 'touch' bytes of memory were in use; its
        output is returned as 'output'."""
        touching = ["--touch", str(touch)] if touch else []
        self.output.seek(0)
        with tempfile.TemporaryFile() as report:
            os.set_inheritable(report.fileno(), True)
            done = subprocess.run(
                ["sh", "-c", 'exec "$@" 3>&%d' % report.fileno(), "sh",
                 self.launcher, *touching, *command], stdout=self.output,
                stderr=subprocess.PIPE, pass_fds=[report.fileno()],
                timeout=TIMEOUT_S)
            report.seek(0)
            text = report.read()
            cost = json.loads(text) if text else {"status": done.returncode}
            if cost["status"] not in statuses:
                raise Failed("%s: status %d: %s" % (
                    " ".join(command), cost["status"], done.stderr.decode()))
            n_bytes = self.output.tell()
            self.output.seek(0)
            cost["output"] = self.output.read(n_bytes).decode()
            return cost

    def read_file(self, program, db, path):
        """Reading alone, without the process's start and end; memory is the
        whole process's."""
        cost = self.command(program, db, path)
        return {**json.loads(cost.pop("output")),
                "peak_bytes": cost["peak_bytes"]}

    def json_loads(self, path):
        return self.command("python3", "-c", JSON_LOADS, path)

    def show_log(self, path):
        cost = self.command("ovsdb-tool", "show-log", path)
        del cost["output"]
        return cost


def list_dbs(path):
    """What the server at the socket answers, or None while it has none."""
    with socket.socket(socket.AF_UNIX) as s:
        try:
            s.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        s.settimeout(TIMEOUT_S)
        s.sendall(b'{"method":"list_dbs","params":[],"id":0}')
        return json.loads(s.recv(65536))["result"]


def of_process(pid):
    """CPU seconds and peak memory of a process that runs."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    with open("/proc/%d/status" % pid) as f:
        peak = next(line for line in f if line.startswith("VmHWM:"))
    return {"cpu": ticks / os.sysconf("SC_CLK_TCK"),
            "peak_bytes": int(peak.split()[1]) * 1024}


class Server:
    """An ovsdb-server that loads a copy of one file."""

    def __init__(self, path):
        self.scratch = tempfile.mkdtemp()
        self.copy = os.path.join(self.scratch, "copy.db")
        self.socket = os.path.join(self.scratch, "db.sock")
        self.remote = "unix:" + self.socket
        self.process = None
        shutil.copyfile(path, self.copy)

    def close(self):
        self.stop()
        shutil.rmtree(self.scratch)

    def start(self):
        """Returns once it answers."""
        start = time.monotonic()
        self.process = subprocess.Popen(
            ["ovsdb-server", "--remote=p" + self.remote, "--no-chdir",
             "--unixctl=" + os.path.join(self.scratch, "ctl"), self.copy],
            stderr=subprocess.DEVNULL)
        while not list_dbs(self.socket):
            if self.process.poll() is not None \
                    or time.monotonic() - start > TIMEOUT_S:
                raise Failed("ovsdb-server does not load " + self.copy)
            time.sleep(0.002)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def load(self):
        """From its start until it answers."""
        start = time.monotonic()
        try:
            self.start()
            wall = time.monotonic() - start
            return {"wall": wall, **of_process(self.process.pid)}
        finally:
            self.stop()

    def asked(self, meter, *command):
        """What a client costs.  CPU includes what the server does for it;
        memory is the client's alone."""
        before = of_process(self.process.pid)["cpu"]
        cost = meter.command(*command)
        cost["cpu"] += of_process(self.process.pid)["cpu"] - before
        del cost["output"]
        return cost
