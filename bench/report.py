"""The table that bench/run prints, and the same as JSON."""

MB = 1000000


class Budget:
    """A limit, and whether it is held."""

    def __init__(self, text, held):
        self.text = text
        self.held = held

    def word(self):
        return "held" if self.held else "NOT HELD"


class Report:
    COLUMNS = ("work", "runs", "wall", "CPU", "rate", "peak", "of file",
               "ratio", "budget", "")
    N_FIGURES = 7

    def __init__(self):
        self.lines = []
        self.results = []
        self.failed = []

    def add(self, work, ours, n_bytes, peers, budgets):
        """A work with what provnet needs for it, its peers and budgets; no
        'n_bytes' if no files are read."""
        figures = [(work, *figures_of(ours, n_bytes), "")]
        figures += [("  " + name, *figures_of(cost, n_bytes),
                     "%.1f" % (cost["wall"] / ours["wall"]))
                    for name, cost in peers.items()]
        self.append(figures, budgets)
        self.note(work, budgets, {
            "bytes": n_bytes,
            "provnet": kept(ours),
            "peers": {name: kept(cost) for name, cost in peers.items()}})

    def state(self, work, budgets, result, details=()):
        """A work of which only the budgets say something."""
        self.append([(work, *("",) * self.N_FIGURES)], budgets)
        for detail in details:
            self.append([("  " + detail, *("",) * self.N_FIGURES)], [])
        self.note(work, budgets, result)

    def append(self, figures, budgets):
        limits = [(b.text, b.word()) for b in budgets]
        nothing = ("",) * (self.N_FIGURES + 1)
        for i in range(max(len(figures), len(limits))):
            self.lines.append((figures[i] if i < len(figures) else nothing)
                              + (limits[i] if i < len(limits) else ("", "")))

    def note(self, work, budgets, result):
        self.results.append({"work": work, **result, "budgets": [
            {"budget": b.text, "held": b.held} for b in budgets]})
        self.failed += ["%s: %s" % (work, b.text) for b in budgets
                        if not b.held]

    def print(self):
        table = [self.COLUMNS] + self.lines
        widths = [max(len(line[c]) for line in table)
                  for c in range(len(self.COLUMNS))]
        for line in table:
            print("  ".join(cell.ljust(width) for cell, width
                            in zip(line, widths)).rstrip())


def kept(cost):
    return {name: value for name, value in cost.items() if name != "output"}


def seconds(value):
    return "%.1f ms" % (value * 1e3) if value < 0.1 else "%.3f s" % value


def figures_of(cost, n_bytes):
    return ("%d" % cost["runs"] if "runs" in cost else "",
            seconds(cost["wall"]), seconds(cost["cpu"]),
            "%.0f MB/s" % (n_bytes / cost["wall"] / MB) if n_bytes else "",
            "%.1f MB" % (cost["peak_bytes"] / MB),
            "%.2f x" % (cost["peak_bytes"] / n_bytes)
            if n_bytes >= MB else "")
