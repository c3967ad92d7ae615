"""The deployments that are measured: generated once, and kept in the temporary
folder for the next run."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

from generate import SHAPES

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 20261122

# What a generated bundle depends on, beside its options.
GENERATOR = ("deployment.py", "faults.py", "fixed.py", "generate.py",
             "logfile.py", "northbound.py", "openvswitch.py",
             "southbound.py")

# Options of generate.py.
READ_NB = ("--only nb --vms 70000 --chassis 700 --localnets 32 --switches 2600"
           " --routers 1300 --nats 25000 --acls 10000 --history 20000")
READ_SB = ("--only sb --vms 10500 --chassis 120 --localnets 16 --switches 500"
           " --routers 250 --nats 3800 --acls 2000 --history 5000")
HOSTILE_SB = READ_SB + " --logical-flows 1130000"
BROKEN = " --broken 0.1"
MIXED = ("--vms 2000 --chassis 60 --switches 40 --localnets 24 --routers 20"
         " --nats 300 --acls 160 --history 1000 --broken 0.5")
LONG = ("--vms 6600 --chassis 66 --switches 260 --localnets 8 --routers 130"
        " --nats 2400 --acls 1000 --history 100000 --broken 0.02")


def log(text):
    print(text, file=sys.stderr, flush=True)


def generate(name, options):
    """Generates a bundle, or takes the one that the same generator made of
    the same options before."""
    key = hashlib.sha256((options + " %d" % SEED).encode())
    for source in GENERATOR:
        with open(os.path.join(HERE, source), "rb") as f:
            key.update(f.read())
    directory = os.path.join(tempfile.gettempdir(), "provnet-bench-%s-%s"
                             % (name, key.hexdigest()[:12]))
    if not os.path.exists(os.path.join(directory, "truth.json")):
        log("Generating %s: %s" % (name, options))
        subprocess.run([sys.executable, os.path.join(HERE, "generate.py"),
                        directory, "--seed", str(SEED), *options.split()],
                       check=True)
    return directory


def shaped(name):
    return generate(name, "--shape %s%s" % (name, BROKEN))


def tenth_of(name):
    """A deployment of a tenth of everything but the physical networks."""
    sizes = ["--%s %d" % (option, value // 10)
             for option, value in SHAPES[name].items()
             if option != "localnets"]
    return generate(name + "-tenth", "%s --localnets %d%s" % (
        " ".join(sizes), SHAPES[name]["localnets"], BROKEN))


def made_of(directory, suffix, change):
    """A copy of a bundle in which 'change' altered something; kept, like what
    it is made of."""
    target = directory + suffix
    if not os.path.exists(target):
        log("Making %s ..." % target)
        with tempfile.TemporaryDirectory() as scratch:
            copy = shutil.copytree(directory, os.path.join(scratch, "bundle"))
            change(copy)
            shutil.move(copy, target)
    return target


def size_of(directory):
    return sum(os.path.getsize(os.path.join(folder, name))
               for folder, _, names in os.walk(directory)
               for name in names if name != "truth.json")
