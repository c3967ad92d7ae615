"""The real ovn-trace, as a daemon on scratch databases that this starts."""
import json
import os
import socket
import subprocess
import time


class Oracle:
    """Daemons in 'folder', which the caller makes and removes."""

    def __init__(self, folder):
        self.folder = folder
        self.daemons = []
        self.traces = {}

    def start(self, *command, wait):
        # pylint: disable=consider-using-with
        self.daemons.append(subprocess.Popen(
            [str(word) for word in command], stderr=subprocess.DEVNULL))
        for _ in range(200):
            if wait.exists():
                return
            time.sleep(.05)
        raise RuntimeError(f"{command[0]} does not start")

    def start_database(self, name, schema):
        """An ovsdb-server for NAME.db at NAME.sock, both in the folder."""
        database = self.folder / f"{name}.db"
        remote = self.folder / f"{name}.sock"
        subprocess.run(["ovsdb-tool", "create", database, schema], check=True)
        self.start("ovsdb-server", f"--remote=punix:{remote}",
                   f"--unixctl={self.folder}/{name}.ctl", database,
                   wait=remote)
        return f"unix:{remote}"

    def start_trace(self, remote, name="trace", options=()):
        """An ovn-trace called 'name', once the southbound database at 'remote'
        is filled.  A daemon takes options such as --ct only here."""
        base = f"{self.folder}/{name}"
        # --detach is what makes a daemon of it: this process ends by itself.
        subprocess.run(
            ["ovn-trace", "-vconsole:off", f"--db={remote}", "--detach",
             "--no-chdir", f"--pidfile={base}.pid", f"--unixctl={base}.ctl",
             f"--log-file={base}.log", *options], check=True)
        self.traces[name] = socket.socket(socket.AF_UNIX)
        self.traces[name].connect(f"{base}.ctl")

    def trace(self, *words, name="trace"):
        """What `ovn-trace WORDS` prints, and, if that is None, why."""
        answer = call(self.traces[name], "trace", *words)
        return answer.get("result"), answer.get("error")

    def stop(self):
        for name, connection in self.traces.items():
            connection.close()
            pid = (self.folder / f"{name}.pid").read_text(encoding="ascii")
            os.kill(int(pid), 15)
        for daemon in self.daemons:
            daemon.terminate()
            daemon.wait()


def call(connection, method, *parameters):
    """A JSON-RPC request and its reply."""
    request = {"id": 0, "method": method, "params": parameters}
    connection.sendall(json.dumps(request).encode())
    reply = b""
    while True:
        part = connection.recv(1 << 16)
        reply += part
        try:
            return json.loads(reply)
        except json.JSONDecodeError:
            if not part:
                raise RuntimeError(f"it died of {method} {parameters}") \
                    from None


def transact(remote, database, operations):
    """Carries out a transaction, or raises its first error."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(remote.removeprefix("unix:"))
    result = call(connection, "transact", database, *operations)["result"]
    connection.close()
    bad = [one for one in result if one and "error" in one]
    if bad:
        raise RuntimeError(bad[0])
    return result
