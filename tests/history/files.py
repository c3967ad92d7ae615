"""Logs in several files, and in files that are spoilt: copies made before a
conversion, members of a cluster, damage, clocks."""
import json
import os
import pathlib
import pty
import shutil
import subprocess
import time
import uuid

import logs
from logs import PROVNET, ROOT, SCHEMAS, Server, document, provnet, \
    small_network, validate

MENDED = ROOT / "tests/bundles/mended"
VM = "192.168.50.185"
NEW_SCHEMA = f"{SCHEMAS}/ovn-nb.ovsschema"
DELETION = "ovn-nbctl: ovn-nbctl lsp-del ln"


def old_schema(folder):
    """The schema of an older OVN, which lacks some of today's."""
    schema = json.loads(pathlib.Path(NEW_SCHEMA).read_text())
    schema["version"] = "6.9.0"
    schema["cksum"] = "1234567890 1"
    del schema["tables"]["Forwarding_Group"]
    del schema["tables"]["Logical_Switch"]["columns"]["forwarding_groups"]
    path = pathlib.Path(folder) / "old.ovsschema"
    path.write_text(json.dumps(schema))
    return str(path)


def upgraded(folder):
    """A database that lost its localnet port and then was upgraded; its file
    and the copy made before."""
    with Server(folder, "nb", old_schema(folder)) as nb:
        small_network(nb)
        nb.ctl("lsp-del", "ln")
        nb.ctl("ls-add", "other")
    copy = logs.convert(nb.file, NEW_SCHEMA)
    with nb:
        nb.ctl("ls-add", "after")
    return nb.file, copy


def comments(history):
    return [event["comment"] for event in history["events"]]


def cause(checked):
    return next(f for f in checked["findings"]
                if f["code"] == "ls-no-localnet")


def test_copies_made_before_conversions_are_the_past(folder):
    file, copy = upgraded(folder)
    history = document("history", "--nb", file)
    validate("history", history)
    assert [(e["who"], e["record"], e["file"]) for e in history["events"]] == [
        *(("command", i, copy) for i in range(1, 6)), ("snapshot", 1, file),
        ("command", 2, file)], history["events"]
    assert not history["events"][5]["changes"], history["events"][5]
    checked = document("check", "--nb", file)
    validate("check", checked)
    found = cause(checked)["cause"]
    assert (found["comment"], found["file"]) == (DELETION, copy), found
    bisected = document("bisect", "--nb", file, "10.0.0.1")
    validate("bisect", bisected)
    last = bisected["changes"][-1]
    assert (last["to"], last["comment"], last["file"]) == (
        "broken", DELETION, copy), last
    text = provnet("history", "--nb", file).stdout
    assert "nothing changed with it" in text
    assert "what was before is not known" not in text


def test_the_state_before_a_conversion(folder):
    file, copy = upgraded(folder)
    dates = [record["_date"] for record in logs.records(copy)[1:]]
    for date in dates:
        left = str(pathlib.Path(folder) / "left.db")
        shutil.copy(copy, left)
        logs.cut_after(left, date)
        then = document("check", "--nb", file, "--at", logs.text_of(date))
        assert then["endpoints"] == document("check", "--nb", left)["endpoints"]


def test_a_copy_may_be_named_too(folder):
    file, copy = upgraded(folder)
    alone = document("history", "--nb", file)
    for names in (f"{file},{copy}", f"{copy},{file}"):
        assert document("history", "--nb", names)["events"] == alone["events"]
    bundle = pathlib.Path(folder) / "bundle"
    bundle.mkdir()
    for path in (file, copy):
        shutil.copy(path, bundle)
    assert comments(document("history", "--bundle", bundle)) \
        == comments(alone)


def test_a_repair_takes_back_what_a_copy_tells(folder):
    file, _ = upgraded(folder)
    repaired = document("repair", "--nb", file)
    assert "network_name" in json.dumps(repaired["changes"]), repaired


def test_collect_takes_all_files(folder):
    file, copy = upgraded(folder)
    whole = document("history", "--nb", file)
    with Server(folder, "nb") as nb:
        live = provnet("collect", "--nb", f"unix:{folder}/nb.sock",
                       f"{folder}/live")
        assert live.returncode == 0, live.stderr
        assert nb.file == file
    assert provnet("collect", "--nb", file, f"{folder}/still").returncode == 0
    for bundle in ("live", "still"):
        names = sorted(os.listdir(f"{folder}/{bundle}"))
        assert names == ["nb.db", os.path.basename(copy)], names
        assert comments(document("history", "--bundle", f"{folder}/{bundle}")
                        ) == comments(whole)


def test_two_conversions(folder):
    file, _ = upgraded(folder)
    logs.convert(file, old_schema(folder))
    with Server(folder, "nb") as nb:
        nb.ctl("ls-add", "last")
    told = comments(document("history", "--nb", file))
    assert len(told) == 9 and told[-1].endswith("last"), told
    assert cause(document("check", "--nb", file))["cause"]["comment"] \
        == DELETION


def test_a_copy_changes_nothing_about_the_present(folder):
    """Rows are what the file itself says, whatever the copy had, or lacks."""
    with Server(folder, "nb", old_schema(folder)) as nb:
        small_network(nb)
        nb.ctl("set", "Logical_Switch_Port", "ln", "tag=7", "enabled=false")
        nb.ctl("lsp-add", "public", "gone", "--", "lsp-set-addresses", "gone",
               "00:00:00:00:00:09 10.0.0.9")
    copy = logs.convert(nb.file, NEW_SCHEMA)
    with nb:
        nb.ctl("clear", "Logical_Switch_Port", "ln", "tag", "enabled")
        nb.ctl("lsp-del", "gone")
        nb.appctl("ovsdb-server/compact")
    seen = document("check", "--all", "--nb", nb.file)["endpoints"]
    logs.spoil(copy, 3)
    assert document("check", "--all", "--nb", nb.file)["endpoints"] == seen
    os.unlink(copy)
    assert document("check", "--all", "--nb", nb.file)["endpoints"] == seen
    assert [e["port"] for e in seen] == ["vm1", "vm2"]


def test_a_spoilt_copy_tells_what_stands_before_the_damage(folder):
    file, copy = upgraded(folder)
    logs.spoil(copy, 4)
    result = provnet("history", "--nb", file)
    assert f"{copy}: record 4" in result.stderr, result.stderr
    assert "what stands before it was read" in result.stderr
    history = document("history", "--nb", file)
    gap = history["events"][3]
    assert gap["who"] == "snapshot" and gap["file"] == file
    assert sorted((c["name"], c["op"]) for c in gap["changes"]) == [
        ("ln", "deleted"), ("other", "added")], gap
    assert "of whom no log tells" in result.stdout
    note = cause(document("check", "--nb", file))
    assert note["cause"] is None and "of which no nb log tells" \
        in note["cause_note"], note
    last = document("bisect", "--nb", file, "10.0.0.1")["changes"][-1]
    assert (last["to"], last["who"], last["file"]) == (
        "broken", "snapshot", file), last


def test_what_is_no_copy_is_left_out(folder):
    file, copy = upgraded(folder)
    whole = comments(document("history", "--nb", file))
    for name, content in (("text", b"This is a README.\n" * 9), ("empty", b"")):
        other = f"{file}.backup-{name}"
        pathlib.Path(other).write_bytes(content)
        result = provnet("history", "--nb", file, "--format", "json")
        assert result.returncode == 0 and other in result.stderr, name
        assert comments(json.loads(result.stdout)) == whole, name
        os.unlink(other)
    with Server(folder, "sb") as sb:
        pass
    shutil.copy(sb.file, f"{file}.backup-sb")
    assert "OVN_Southbound" in provnet("check", "--nb", file).stderr
    os.unlink(f"{file}.backup-sb")
    # A copy of the file itself tells nothing of its own.
    shutil.copy(file, f"{file}.backup-same")
    result = provnet("history", "--nb", file, "--format", "json")
    assert not result.stderr and comments(json.loads(result.stdout)) == whole
    assert os.path.exists(copy)


def test_files_of_one_time_are_refused(folder):
    for name in ("a", "b"):
        os.mkdir(f"{folder}/{name}")
    with Server(f"{folder}/a", "nb") as a, Server(f"{folder}/b", "nb") as b:
        a.ctl("ls-add", "one")
        b.ctl("ls-add", "two")
        a.ctl("ls-add", "three")
    result = provnet("history", "--nb", f"{a.file},{b.file}")
    assert result.returncode == 2 and "tell of the same time" in result.stderr


# Members.

def test_members_of_a_cluster_complete_each_other(folder):
    with Server(folder, "nb") as nb:
        small_network(nb)
        nb.ctl("lsp-del", "ln")
        nb.ctl("ls-add", "other")
    cluster = str(uuid.uuid4())
    members = [f"{folder}/nb.{m}.db" for m in "abc"]
    for path, n in zip(members, (2, 5, 3)):
        logs.make_cluster(nb.file, path, cluster, n)
    whole = comments(document("history", "--nb", members[1]))
    assert len(whole) == 6 and whole[0].startswith("created from")
    for names in (members, members[::-1]):
        history = document("history", "--nb", ",".join(names))
        validate("history", history)
        assert comments(history) == whole
    os.unlink(nb.file)
    assert comments(document("history", "--bundle", folder)) == whole
    assert provnet("collect", "--nb", ",".join(members),
                   f"{folder}/collected").returncode == 0
    collected = f"{folder}/collected"
    assert len(os.listdir(collected)) == 3, os.listdir(collected)
    assert comments(document("history", "--bundle", collected)) == whole
    found = cause(document("check", "--bundle", folder))["cause"]
    assert found["comment"] == DELETION and found["file"] in members


def test_the_incident_in_a_cluster(folder):
    """The same history and bisection as of the standalone files."""
    bundle = pathlib.Path(folder) / "bundle"
    shutil.copytree(MENDED, bundle)
    for name in ("nb", "sb"):
        os.unlink(bundle / f"{name}.db")
        logs.make_cluster(MENDED / f"{name}.db", bundle / f"{name}.db")

    def told(event):
        return (event["db"], event["chassis"], event["comment"],
                event["changes"])

    def all_told(where):
        events = document("history", "--bundle", str(where), VM)["events"]
        return [(told(event), [told(c) for c in event["consequences"]])
                for event in events if event["who"] != "snapshot"]
    assert all_told(bundle) == all_told(MENDED)
    deleted = [consequences for (_, _, comment, _), consequences
               in all_told(bundle) if "lsp-del provnet-" in comment]
    assert len(deleted) == 1
    assert {c[1] for c in deleted[0] if c[0] == "ovs"} == {"hv1", "hv2"}
    dates = [record["_date"] for record in logs.records(MENDED / "nb.db")[1:]]
    for date in dates[3::5]:
        checked = [document("check", "--bundle", str(where), "--at",
                            logs.text_of(date)) for where in (bundle, MENDED)]
        assert checked[0]["endpoints"] == checked[1]["endpoints"], date
    turns = [[(c["comment"], c["from"], c["to"], c["codes"]) for c in
              document("bisect", "--bundle", str(where), VM)["changes"]
              if c["who"] != "snapshot"] for where in (bundle, MENDED)]
    assert turns[0] == turns[1] and len(turns[0]) > 1, turns


# Damage, and clocks.

def test_damage_in_the_middle(folder):
    with Server(folder, "nb") as nb:
        small_network(nb)
        nb.ctl("lsp-del", "ln")
        nb.ctl("ls-add", "other")
        nb.ctl("ls-add", "lost")
    dates = [record["_date"] for record in logs.records(nb.file)[1:]]
    logs.spoil(nb.file, 5)
    assert provnet("check", "--nb", nb.file).returncode == 2
    for arguments in (("bisect", "10.0.0.1"), ("history",), (
            "check", "--at", logs.text_of(dates[3]))):
        result = provnet(*arguments, "--nb", nb.file)
        assert result.returncode in (0, 1), (arguments, result.stderr)
        assert "record 5" in result.stderr and "checksum" in result.stderr
        assert "what stands before it was read" in result.stderr
        assert "lsp-del ln" in result.stdout, (arguments, result.stdout)
    result = provnet("check", "--nb", nb.file, "--at",
                     logs.text_of(dates[4] + 1))
    assert result.returncode == 2 and "is damaged after" in result.stderr


def test_a_damaged_member_is_completed_by_another(folder):
    with Server(folder, "nb") as nb:
        small_network(nb)
        nb.ctl("lsp-del", "ln")
    cluster = str(uuid.uuid4())
    for member in "ab":
        logs.make_cluster(nb.file, f"{folder}/{member}.db", cluster)
    whole = comments(document("history", "--nb", f"{folder}/a.db"))
    logs.spoil(f"{folder}/a.db", 4)
    assert comments(document("history", "--nb",
                             f"{folder}/a.db,{folder}/b.db")) == whole


def test_members_whose_clocks_differ(folder):
    """Another leader's clock is an hour behind: the order stays."""
    with Server(folder, "nb") as nb:
        small_network(nb)
        nb.ctl("lsp-del", "ln")
        nb.ctl("ls-add", "other")
    logs.rewrite(nb.file, lambda number, record: number > 3 and record.update(
        _date=record["_date"] - 3600 * 1000))
    logs.make_cluster(nb.file, f"{folder}/member.db")
    for file in (nb.file, f"{folder}/member.db"):
        result = provnet("bisect", "--nb", file, "10.0.0.1", "--format",
                         "json")
        assert "a clock ran backwards" in result.stderr, result.stderr
        changes = json.loads(result.stdout)["changes"]
        assert changes[-1]["to"] == "broken"
        assert changes[-1]["comment"] == DELETION, changes


# The terminal.

def on_terminal(*arguments):
    """What the program prints to a terminal on standard error."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROVNET, *arguments], stderr=theirs,
                          stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                said += os.read(ours, 65536) or b""
            except OSError:  # The other end is closed.
                break
        process.wait(logs.TIMEOUT_SECONDS)
    os.close(ours)
    return said.decode()


def test_a_bar_where_it_takes_longer_than_a_second(folder):
    with Server(folder, "nb") as nb:
        small_network(nb)
    assert "replaying" not in on_terminal("history", "--nb", nb.file)
    content = b'{"_date":%d}\n' % logs.records(nb.file)[-1]["_date"]
    block = (logs.header(content) + content) * 200000
    took = 0
    while took < 3:  # However fast the machine is.
        with open(nb.file, "ab") as file:
            file.write(block)
        block *= 2
        began = time.monotonic()
        provnet("bisect", "--nb", nb.file, "10.0.0.1")
        took = time.monotonic() - began
    for arguments in (("bisect", "10.0.0.1"), ("check", "--at", "2030-01-01")):
        said = on_terminal(*arguments, "--nb", nb.file)
        assert "\rreplaying the logs [#" in said, said
        assert "\r\x1b[K" in said, said
    result = provnet("bisect", "--nb", nb.file, "10.0.0.1")
    assert "replaying" not in result.stderr


TESTS = [test for name, test in sorted(globals().items())
         if name.startswith("test_")]
