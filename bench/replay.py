"""How fast a log of many transactions is replayed, and whether `bisect` says
of every thousandth record what `check --at` says from scratch."""

import bisect as search
import datetime
import json
import os

EVERY = 1000
N_ASKED = 12


def date_of(record):
    """A transaction's date; None of a record that is none."""
    if "data" in record:
        record = record["data"][1]
    elif "prev_data" in record:
        record = record["prev_data"][1]
    return record.get("_date")


def records(path):
    """The dates of a log's transactions, in the order of its records."""
    dates = []
    with open(path, "rb") as f:
        while header := f.readline():
            dates.append(date_of(json.loads(f.read(int(header.split()[2])))))
    return [date for date in dates if date is not None]


def logs(directory):
    return [os.path.join(folder, name)
            for folder, _, names in os.walk(directory)
            for name in names if name.endswith(".db")]


def text_of(date_ms):
    date = datetime.datetime.fromtimestamp(date_ms // 1000,
                                           datetime.timezone.utc)
    return f"{date:%Y-%m-%dT%H:%M:%S}.{date_ms % 1000:03}Z"


def worst(endpoint):
    order = ("reachable", "undetermined", "blocked", "broken", "storm")
    return max((endpoint[way]["verdict"] for way in ("inbound", "outbound")),
               key=order.index)


def checked(meter, provnet, directory, *options):
    """The verdicts, by the endpoint's port and address."""
    output = meter.command(provnet, "check", "--format", "json", "--bundle",
                           directory, *options, statuses=(0, 1))["output"]
    return {(e["port"], e["address"]): worst(e)
            for e in json.loads(output)["endpoints"]}


def choose(verdicts, flipped, n):
    """Endpoints to ask: some that turned, some that did not; one address or
    port must name one only."""
    names = [name for key in verdicts for name in set(key)]
    alone = [key for key in verdicts if names.count(key[0]) == 1]
    turned = [key for key in alone if key in flipped]
    others = [key for key in alone if key not in flipped]
    step = max(1, len(others) // (n // 2))
    return turned[:n // 2] + others[::step][:n // 2]


class Past:
    """What bisect says of an endpoint at each time."""

    def __init__(self, document):
        turns = [c for c in document["changes"] if c["from"] != c["to"]]
        self.times = [c["time"] for c in turns]
        self.states = [turns[0]["from"] if turns else document["state"]]
        self.states += [c["to"] for c in turns]
        self.since = document["known_since"]

    def at(self, time):
        return self.states[search.bisect_right(self.times, time)]


def compare(pasts, dates, check_at, every):
    """Agreements, and what differs, at every 'every'th date."""
    agrees, differs = 0, []
    for date in dates[every - 1::every]:
        time = text_of(date)
        verdicts = check_at(time)
        for key, past in pasts.items():
            if time < past.since:
                continue
            said, true = past.at(time), verdicts.get(key, "absent")
            agrees += said == true
            if said != true:
                differs.append(f"{key[1] or key[0]} at {time}: bisect says "
                               f"{said}, check --at {true}")
    return agrees, differs
