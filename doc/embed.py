#!/usr/bin/env python3
"""Turns doc/codes/*.md into what the program and the manual carry.

usage: embed.py c|man OUTPUT FILE.md...

Every code's document is written once.  'c' makes the table behind `provnet
explain`, 'man' makes provnet-codes(7).
"""
import pathlib
import re
import sys


def read(paths):
    documents = []
    for path in sorted(paths, key=lambda p: pathlib.Path(p).stem):
        text = pathlib.Path(path).read_text(encoding="utf-8")
        code = pathlib.Path(path).stem
        if not text.startswith(f"# {code}\n"):
            sys.exit(f"{path}: its first line must be '# {code}'")
        documents.append((code, text))
    return documents


def c_string(text):
    lines = []
    for line in text.splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'      "{escaped}\\n"')
    return "\n".join(lines)


def write_c(documents):
    out = ['#include <stddef.h>', '#include "report/report.h"', "",
           "static const struct document documents[] = {"]
    for code, text in documents:
        out.append(f'    {{ "{code}",\n{c_string(text)} }},')
    out += ["};", "", "const struct document *", "document_at(size_t i)", "{",
            "    return i < sizeof documents / sizeof documents[0]",
            "           ? &documents[i] : NULL;", "}"]
    return "\n".join(out) + "\n"


def roff(line):
    line = line.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + line if line[:1] in ".'" else line


def sentences(line):
    """mdoc wants each sentence on a line of its own."""
    return [roff(part) for part in re.split(r"(?<=[.!?:]) +(?=\S)", line)]


def man_body(text):
    out, literal = [], False
    for line in text.splitlines():
        if line.startswith("    ") and not literal:
            while out and out[-1] == ".Pp":
                out.pop()
            out.append(".Bd -literal -offset indent")
            literal = True
        elif literal and line and not line.startswith("    "):
            while out[-1] == "":
                out.pop()
            out.append(".Ed")
            out.append(".Pp")
            literal = False
        if literal:
            out.append(roff(line[4:]) if line.strip() else "")
        elif line.startswith("## "):
            while out and out[-1] == ".Pp":
                out.pop()
            out += [".Pp", f".Em {roff(line[3:])}", ".Pp"]
        elif line.startswith("# "):
            out.append(f".Ss {roff(line[2:])}")
        elif not line:
            if out and not out[-1].startswith((".Ss", ".Pp")):
                out.append(".Pp")
        else:
            out += sentences(line)
    if literal:
        while out[-1] == "":
            out.pop()
        out.append(".Ed")
    while out and out[-1] in (".Pp", ""):
        out.pop()
    return out


def write_man(documents):
    out = [".\\\" Made from doc/codes/ by doc/embed.py.",
           ".Dd November 22, 2026", ".Dt PROVNET-CODES 7", ".Os",
           ".Sh NAME", ".Nm provnet-codes",
           ".Nd faults of OVN provider networks, and how to mend them",
           ".Sh DESCRIPTION",
           "These are the codes that",
           ".Xr provnet 1",
           "finds, with their repairs, and some observations that mislead.",
           "In command lines, words in capitals such as SWITCH, LSP, NETWORK,",
           "SEGMENT, BRIDGE, NIC, TAP, CHASSIS, MAC and IP stand for your own",
           "names; LN is a localnet port."]
    for _, text in documents:
        out += man_body(text)
    out += [".Sh SEE ALSO", ".Xr provnet 1 ,", ".Xr ovn-architecture 7 ,",
            ".Xr ovn-architecture 7"]
    return "\n".join(out) + "\n"


def main():
    kind, output, *paths = sys.argv[1:]
    writer = {"c": write_c, "man": write_man}[kind]
    pathlib.Path(output).write_text(writer(read(paths)), encoding="utf-8")


if __name__ == "__main__":
    main()
