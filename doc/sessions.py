#!/usr/bin/env python3
"""Keeps the sessions in README.md true: runs each and puts in what it printed.

usage: sessions.py PROVNET [--check]

A session stands between "<!-- session: COMMAND -->" and "<!-- end -->".  Ages
("3 min ago") differ from day to day and are shown as "8 h ago".  --check
changes nothing and fails if the README is not as the program prints.
"""
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SESSION = re.compile(r"<!-- session: (.*?) -->\n.*?<!-- end -->", re.DOTALL)


def session(provnet, command):
    words = shlex.split(command)
    output = subprocess.run([provnet, *words[1:]], cwd=ROOT, text=True,
                            capture_output=True, check=False).stdout
    output = re.sub(r"\d+ (s|min|h|days) ago", "8 h ago", output)
    shown = re.sub(r" --bundle \S+", "", command)
    lines = [f"    $ {shown}"]
    lines += [f"    {line}".rstrip() for line in output.splitlines()]
    while not lines[-1]:
        lines.pop()
    return (f"<!-- session: {command} -->\n" + "\n".join(lines)
            + "\n<!-- end -->")


def main():
    provnet = sys.argv[1]
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    new = SESSION.sub(lambda m: session(provnet, m[1]), old)
    if "--check" not in sys.argv:
        readme.write_text(new, encoding="utf-8")
    elif new != old:
        sys.exit("README.md: a session is not what the program prints; run "
                 "doc/sessions.py build/provnet")


if __name__ == "__main__":
    main()
