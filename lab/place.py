"""A lab, for the scripts that are written in Python (see README.md)."""
import os
import pathlib
import re
import subprocess
import time

HOME = pathlib.Path(__file__).resolve().parent
PROVNET = os.environ.get("PROVNET", str(HOME.parent / "build/provnet"))


def fields(name):
    text = (HOME / "incidents" / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z]+):[ \t]*(.*)$", text, re.M))


class Lab:
    """A healthy lab of one topology, and what it is then."""

    def __init__(self, name, topology):
        self.name, self.topology = name, topology
        self.fresh()

    def call(self, *words, check=True, timeout=60):
        result = subprocess.run([HOME / "lab", "-n", self.name, *words],
                                text=True, capture_output=True, check=False,
                                timeout=timeout)
        if check and result.returncode:
            raise RuntimeError(f"lab {' '.join(words)}: {result.stderr[-400:]}")
        return result.stdout

    def fresh(self):
        self.call("down")
        self.call("up", *([] if self.topology == "provider"
                          else [f"--{self.topology}"]))
        said = self.call("env")
        self.env = dict(re.findall(r"^export (\w+)='?(.*?)'?$", said, re.M))
        self.remotes = ["--nb", self.env["OVN_NB_DB"], "--sb",
                        self.env["OVN_SB_DB"],
                        *self.env["PROVNET_OVS_ARGS"].split()]
        self.state = self.call("state")
        self.healthy_localnets = self.localnets()
        assert self.all_pass(), "the lab is not healthy"

    def all_pass(self):
        """A neighbour's first answer may be late."""
        for _ in range(3):
            if "fail" not in self.call("ping"):
                return True
            time.sleep(1)
        return False

    def command(self, *words, host=None):
        """'host': as run there, in its network namespace."""
        there = ["ip", "netns", "exec", f"pn-{self.name}-{host}"]
        return [*(there if host else []), PROVNET, *words, *self.remotes]

    def provnet(self, *words, host=None):
        return subprocess.run(
            self.command(*words, host=host), text=True, check=False,
            capture_output=True, timeout=90, env={**os.environ, **self.env})

    def settle(self):
        subprocess.run(["ovn-nbctl", "--wait=hv", "--timeout=20", "sync"],
                       check=True, env={**os.environ, **self.env})

    def await_health(self):
        """After a mend BFD needs a moment, until which tunnels are down."""
        for _ in range(20):
            if self.provnet("check").returncode == 0:
                break
            time.sleep(0.25)

    def chassis_env(self, chassis):
        """Where ovs-vsctl on that chassis finds its database."""
        socket = next(r for r in self.remotes if f"/{chassis}/" in r)
        return {"OVS_RUNDIR": str(pathlib.Path(socket[len("unix:"):]).parent)}

    def localnets(self):
        return sorted(subprocess.run(
            ["ovn-nbctl", "--bare", "--columns=name", "find",
             "Logical_Switch_Port", "type=localnet"], text=True, check=True,
            capture_output=True, env={**os.environ, **self.env}
        ).stdout.split())
