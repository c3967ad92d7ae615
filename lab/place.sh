# shellcheck shell=bash
#
# Where a lab lives: its state directory, its namespaces, its processes.
# LAB (the lab's name) is set by the caller.  Several labs do not meet: each
# has its own directory and its own namespaces, pn-LAB-HOST.

STATE=${PROVNET_LAB_DIR:-${TMPDIR:-/tmp}/provnet-lab}/$LAB

say()  { printf '%s\n' "$*" >&2; }
die()  { say "lab: $*"; exit 2; }

ns()   { echo "pn-$LAB-$1"; }
dir()  { echo "$STATE/$1"; }

has_host() { [[ " ${EXTRA_HOSTS[*]} " == *" $1 "* ]]; }   # of this topology

is_host() {
    local host
    for host in "${HOSTS[@]}"; do
        [[ $host != "$1" ]] || return 0
    done
    return 1
}

need_host() {
    is_host "$1" || die "no host '$1'; there are: ${HOSTS[*]}"
    [[ -e /run/netns/$(ns "$1") ]] || die "lab '$LAB' is not up (lab up)"
}

# ---- words for commands in a place; incidents use these too -----------------
# Places are told by environment, so the databases' logs hold the commands as a
# person would type them; and so is that they may take ten seconds, which every
# program of OVS heeds (lib/util.c, ctl_timeout_setup), and timeout(1) would be a
# program more to start.
in_ns()  { local host=$1; shift; ip netns exec "pn-$LAB-$host" "$@"; }
ip_in()  { local host=$1; shift; ip -n "pn-$LAB-$host" "$@"; }
nb()     { OVS_CTL_TIMEOUT=10 OVN_NB_DB=unix:$STATE/central/nb.sock ovn-nbctl "$@"; }
sb()     { OVS_CTL_TIMEOUT=10 OVN_SB_DB=unix:$STATE/central/sb.sock ovn-sbctl "$@"; }

vsctl()  {
    local host=$1; shift
    OVS_CTL_TIMEOUT=10 OVS_RUNDIR=$STATE/$host ovs-vsctl "$@"
}

ofctl()  {      # ofctl hv1 br-ex dump-flows [FLOW...]
    local host=$1 bridge=$2 command=$3; shift 3
    OVS_CTL_TIMEOUT=10 ovs-ofctl "$command" "unix:$STATE/$host/$bridge.mgmt" "$@"
}

appctl() {      # appctl hv1 ovs-vswitchd fdb/flush br-ex
    local host=$1 daemon=$2; shift 2
    OVS_CTL_TIMEOUT=10 ovs-appctl -t "$STATE/$host/$daemon.ctl" "$@"
}

# ---- processes --------------------------------------------------------------
# Every daemon has a pid file; a pid counts only while its command line still
# names this lab's directory, so a recycled pid is never signalled.
pid_of() {      # pid_of hv1 ovn-controller
    local pid
    pid=$(cat "$STATE/$1/$2.pid" 2>/dev/null) || return 1
    [[ $pid =~ ^[0-9]+$ ]] || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$STATE/" ||
        return 1
    echo "$pid"
}

signal() {      # signal STOP hv1 ovn-controller
    local pid
    pid=$(pid_of "$2" "$3") || die "no $3 runs on $2"
    kill "-$1" "$pid"
}

freeze() { signal STOP "$@"; }
thaw()   { signal CONT "$@"; }

# KILL, not TERM: the lab is thrown away whole, and a frozen daemon obeys.
kill_daemon() { # kill_daemon hv1 ovn-controller
    local pid
    pid=$(pid_of "$1" "$2") || return 0
    kill -KILL "$pid" 2>/dev/null || true
    poll 2 gone "$pid" || say "lab: $2 of $1 (pid $pid) does not end"
}

gone() { ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status"; }

poll() {        # poll SECONDS COMMAND...: until it succeeds
    local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000)); shift
    until "$@"; do
        [[ ${EPOCHREALTIME/[.,]/} -lt $end ]] || return 1
        sleep 0.05
    done
}

# together COMMAND -- COMMAND...: at the same time; fails if one of them does.
together() {
    local command=() pids=() pid ok=0
    while [[ $# -gt 0 ]]; do
        command=()
        while [[ $# -gt 0 && $1 != -- ]]; do command+=("$1"); shift; done
        [[ $# == 0 ]] || shift
        "${command[@]}" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        wait "$pid" || ok=1
    done
    return $ok
}
