#include "history/cause.h"

#include <string.h>

#include "base/clock.h"

const char *const history_who_names[N_WHO] = {
    [WHO_COMMAND] = "a command line",
    [WHO_CLIENT] = "an API client (Neutron and others leave no comment)",
    [WHO_NORTHD] = "ovn-northd",
    [WHO_CONTROLLER] = "ovn-controller",
    [WHO_VSWITCHD] = "ovs-vswitchd",
    [WHO_SNAPSHOT] = "a compaction of the log",
};

const char *const history_who_words[N_WHO] = {
    [WHO_COMMAND] = "command",       [WHO_CLIENT] = "client",
    [WHO_NORTHD] = "ovn-northd",     [WHO_CONTROLLER] = "ovn-controller",
    [WHO_VSWITCHD] = "ovs-vswitchd", [WHO_SNAPSHOT] = "snapshot",
};

/* Comments of records that hold a whole database, whatever its past:
 * ovsdb/file.c and ovsdb/ovsdb-tool.c (compaction), ovsdb/ovsdb-client.c
 * (backup). */
static bool
is_snapshot(const char *comment)
{
    static const char *const prefixes[] = { "compacting database",
                                            "compacted by", "produced by",
                                            "converted by" };
    for (size_t i = 0; i < N_ELEMENTS(prefixes); i++) {
        if (!strncmp(comment, prefixes[i], strlen(prefixes[i]))) {
            return true;
        }
    }
    return false;
}

bool
cause_is_snapshot(const struct ovsdb_record *record)
{
    return is_snapshot(record->comment);
}

bool
cause_starts(const struct evidence_db *db, const char *comment)
{
    /* ovs-vswitchd leaves no comment, and no API client of note writes
     * there. */
    return !is_snapshot(comment) && !history_is_daemon(cause_who(comment))
           && (*comment || strcmp(db->db, "ovs"));
}

static const char *
reach_of_log(const struct ovsdb_store *log, const char *db,
             struct arena *arena)
{
    if (log->n_records < 2) {
        return arena_printf(arena, "the %s log holds no transaction", db);
    }
    char since[CLOCK_TEXT_SIZE];
    clock_format(log->records[1].date_ms, since);
    return arena_printf(
        arena,
        "the change is older than the %s log, which reaches "
        "back to %s%s",
        db, since,
        cause_is_snapshot(&log->records[1]) ? " (compacted then)" : "");
}

void
cause_find(const struct finding *f, struct arena *arena, struct cause *ret)
{
    const struct cause_hint *hint = &f->cause;
    memset(ret, 0, sizeof *ret);
    ret->comment = "";
    if (!hint->db) {
        ret->note = "no log tells it";
        return;
    }
    ret->db = hint->db->db;
    if (!hint->db->log) {
        ret->note = arena_printf(
            arena, "the %s log was not read: %s", hint->db->db,
            hint->db->log_missing ? hint->db->log_missing : "not gathered");
        return;
    }
    const struct ovsdb_store *log = hint->db->log;
    uint32_t record = cause_hint_record(hint);
    if (!record || record >= log->n_records
        || cause_is_snapshot(&log->records[record])) {
        ret->note = reach_of_log(log, hint->db->db, arena);
        return;
    }
    ret->found = true;
    ret->record = record;
    ret->date_ms = log->records[record].date_ms;
    ret->comment = log->records[record].comment;
}

enum history_who
cause_who(const char *comment)
{
    static const struct {
        const char *prefix;
        enum history_who who;
    } daemons[] = { { "ovn-northd", WHO_NORTHD },
                    { "ovn-controller", WHO_CONTROLLER } };
    for (size_t i = 0; i < N_ELEMENTS(daemons); i++) {
        if (!strncmp(comment, daemons[i].prefix, strlen(daemons[i].prefix))) {
            return daemons[i].who;
        }
    }
    return *comment ? WHO_COMMAND : WHO_CLIENT;
}
