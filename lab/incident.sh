# shellcheck shell=bash
#
# Incidents: lab/incidents/NAME, a text file.  Fields are "key: value" lines;
# sections are a "name:" line and the indented lines below it.  The sections
# 'break' and 'mend' are commands, run by bash with the words of place.sh,
# topology.sh and logical.sh; the others are records (see README.md).

INCIDENTS=$LAB_HOME/incidents

incident_file() {
    [[ $1 != */* && -f $INCIDENTS/$1 ]] ||
        die "no incident '$1' (lab list names them)"
    echo "$INCIDENTS/$1"
}

incident_names() {
    local file
    for file in "$INCIDENTS"/*; do
        echo "${file##*/}"
    done
}

field() {       # field INCIDENT KEY
    sed -n "s/^$2: *//p" "$(incident_file "$1")" | head -n 1
}

section() {     # section INCIDENT NAME
    awk -v name="$2:" '/^[^ #]/ { on = $0 == name; next }
        on { sub(/^    /, ""); print }' "$(incident_file "$1")"
}

is_storm() { [[ $(field "$1" storm) == yes ]]; }

list_incidents() {
    local name
    for name in $(incident_names); do
        printf '%-32s %s\n' "$name" "$(field "$name" title)"
    done
}

# Runs a section in a subshell that stops at the first command that fails.
run_section() {
    local commands
    commands=$(section "$1" "$2")
    [[ -n $commands ]] || return 0
    (set -euo pipefail; eval "$commands") </dev/null
}

break_incident() {
    local name=$1
    incident_file "$name" >/dev/null
    local wants
    wants=$(field "$name" topology)
    [[ ${wants:-provider} == "$TOPOLOGY" ]] ||
        die "$name needs topology '$wants' (lab up)"
    [[ ! -e $STATE/incident ]] ||
        die "'$(cat "$STATE/incident")' is not mended yet"
    echo "$name" >"$STATE/incident"
    ! is_storm "$name" || close_gate
    run_section "$name" break >>"$STATE/commands.log" 2>&1 ||
        { tail -n 5 "$STATE/commands.log" >&2; die "could not break $name"; }
    wait_for "$name"
}

# What an incident does to rows, done to the copies that `provnet whatif` names
# by the environment (provnet(1)).  What is no row cannot be imagined.
imagine_incident() {
    local word
    : "${OVN_NB_DB:?no copy: run it by provnet whatif}"
    nb() { OVS_CTL_TIMEOUT=10 ovn-nbctl "$@"; }
    sb() { OVS_CTL_TIMEOUT=10 ovn-sbctl "$@"; }
    vsctl() {
        local copy=OVS_DB_${1^^}; shift
        [[ -n ${!copy:-} ]] || { say 'not of rows: another switch'; return 77; }
        OVS_CTL_TIMEOUT=10 ovs-vsctl --db="${!copy}" "$@"
    }
    for word in ofctl appctl ip_in in_ns freeze thaw kill_daemon signal; do
        eval "$word() { say 'not of rows: $word'; return 77; }"
    done
    run_section "$1" break
}

# 'settle: FIELD' says how far OVN can follow: all (the default), or nothing
# where a daemon is frozen; a section 'until' holds a condition to poll.
wait_for() {
    local until
    [[ $(field "$1" settle) == no ]] || settle ||
        say "lab: $1 did not settle"
    until=$(section "$1" until)
    [[ -z $until ]] || poll 10 eval "$until" >/dev/null 2>&1 ||
        say "lab: $1: condition not met: $until"
}

mend_incident() {
    local name=$1
    if [[ $(field "$name" mend) == rebuild ]]; then
        lab_down
        lab_up          # TOPOLOGY is as it was
        return
    fi
    run_section "$name" mend >>"$STATE/commands.log" 2>&1 ||
        { tail -n 5 "$STATE/commands.log" >&2; die "could not mend $name"; }
    after_mend "$name"
}

# Waits until OVN has followed, and lets traffic through again.
after_mend() {
    local name=$1
    settle || die "$name: mended, but OVN does not settle"
    ports_up || die "$name: mended, but a VM's port is not up"
    # A port that went from one chassis to another is up before the others know.
    settle || die "$name: mended, but OVN does not settle"
    flush_fdb
    if is_storm "$name"; then
        wire_links up       # the watchdog may have cut them
        open_gate
    fi
    rm -f "$STATE/incident"
}
