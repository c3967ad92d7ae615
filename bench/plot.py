"""Cost against size, drawn by gnuplot."""

import os
import shutil
import subprocess

from report import MB

# 'line' is what 10 times the deployment may cost: 11 times as much.
SCRIPT = """
set terminal svg size 1200,420 font "sans,12"
set output "{svg}"
set logscale xy
set key bottom right font "sans,9" samplen 1
set xlabel "VMs"
set xrange [20:400000]
set format x "10^%T"
set grid
line(x, x0, y0) = y0 * (x / x0) ** log10(11)
set multiplot layout 1,3 title "provnet check, files to all verdicts"
do for [c = 3:5] {{
    set title word("wall CPU peak", c - 2) . (c < 5 ? ", s" : ", MB")
    stats "{data}" using (int(column(1)) == {start} ? column(c) : NaN) nooutput
    plot "{data}" using 1:(int(column(2)) == 0 ? column(c) : NaN) \\
             with points pointtype 7 title "whole bundle", \\
         "{data}" using 1:(int(column(2)) == 1 ? column(c) : NaN) \\
             with points pointtype 6 title "nb.db, sb.db", \\
         line(x, {start}.0, STATS_min) with lines dashtype 2 \\
             title "10 x VMs, 11 x cost"
}}
unset multiplot
"""


def write_data(path, checked):
    with open(path, "w") as f:
        f.write("# VMs; 1: only nb.db and sb.db; wall and CPU, s; peak, MB\n")
        for work, cost in checked:
            f.write("%d %d %.6f %.6f %.3f\n" % (
                work.n_vms, work.is_central, cost["wall"], cost["cpu"],
                cost["peak_bytes"] / MB))


def draw(directory, checked):
    """The path of the plot, or of its data where there is no gnuplot."""
    data = os.path.join(directory, "bench.dat")
    svg = os.path.join(directory, "bench.svg")
    checked = [(work, cost) for work, cost in checked if work.size != "skewed"]
    write_data(data, checked)
    if not shutil.which("gnuplot"):
        return data
    start = next(work.n_vms for work, _ in checked if work.size == "M/10")
    subprocess.run(["gnuplot"], check=True, text=True, input=SCRIPT.format(
        svg=svg, data=data, start=start))
    return svg
