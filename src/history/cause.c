#include "history/cause.h"

#include <string.h>

#include "base/clock.h"

const char *const history_who_names[N_WHO] = {
    [WHO_COMMAND] = "a command line",
    [WHO_CLIENT] = "an API client (Neutron and others leave no comment)",
    [WHO_NORTHD] = "ovn-northd",
    [WHO_CONTROLLER] = "ovn-controller",
    [WHO_VSWITCHD] = "ovs-vswitchd",
    [WHO_SNAPSHOT] = "a snapshot of the whole database",
};

const char *const history_who_words[N_WHO] = {
    [WHO_COMMAND] = "command",       [WHO_CLIENT] = "client",
    [WHO_NORTHD] = "ovn-northd",     [WHO_CONTROLLER] = "ovn-controller",
    [WHO_VSWITCHD] = "ovs-vswitchd", [WHO_SNAPSHOT] = "snapshot",
};

/* What was done when a record was written that holds a whole database,
 * whatever its past; NULL if this is none.  Their comments: ovsdb/ovsdb.c and
 * ovsdb/ovsdb-tool.c (compaction), ovsdb/ovsdb-client.c (backup),
 * ovsdb/ovsdb-server.c and ovsdb-tool.c (conversion). */
static const char *
comment_kind(const char *comment)
{
    static const struct {
        const char *comment, *kind;
    } prefixes[] = {
        { "compacting database", "compacted" },
        { "compacted by", "compacted" },
        { "produced by", "compacted" },
        { "converted by", "converted" },
        { "created from", "copied" },
    };
    for (size_t i = 0; i < N_ELEMENTS(prefixes); i++) {
        const char *prefix = prefixes[i].comment;
        if (!strncmp(comment, prefix, strlen(prefix))) {
            return prefixes[i].kind;
        }
    }
    return NULL;
}

static const char *
snapshot_kind(const struct ovsdb_record *record)
{
    const char *kind = comment_kind(record->comment);
    return kind ? kind : record->is_whole ? "begun anew" : NULL;
}

bool
cause_is_snapshot(const struct ovsdb_record *record)
{
    return snapshot_kind(record) != NULL;
}

bool
cause_starts(const struct evidence_db *db, const char *comment)
{
    /* ovs-vswitchd leaves no comment, and no API client of note writes
     * there. */
    return !comment_kind(comment) && !history_is_daemon(cause_who(comment))
           && (*comment || strcmp(db->db, "ovs"));
}

/* When the log ended that was there before the snapshot 'record'. */
static int64_t
date_before(const struct ovsdb_store *log, uint32_t record)
{
    while (record && !log->records[record - 1].date_ms) {
        record--;
    }
    return record ? log->records[record - 1].date_ms : 0;
}

/* 'record' is the snapshot beyond which the log does not tell, or 0 if it is
 * the one it begins with: record 0 of a clustered file, 1 of others. */
static const char *
reach_of_log(const struct ovsdb_store *log, uint32_t record, const char *db,
             struct arena *arena)
{
    if (!record && log->n_records && !log->records[0].date_ms) {
        record = 1;
    }
    if (record >= log->n_records) {
        return arena_printf(arena, "the %s log holds no transaction", db);
    }
    char since[CLOCK_TEXT_SIZE];
    clock_format(log->records[record].date_ms, since);
    const char *kind = snapshot_kind(&log->records[record]);
    if (log->records[record].is_whole) {
        char from[CLOCK_TEXT_SIZE];
        clock_format(date_before(log, record), from);
        return arena_printf(arena,
                            "the change was made between %s and %s, of which "
                            "no %s log tells (%s then)",
                            from, since, db, kind);
    }
    return arena_printf(arena,
                        "the change is older than the %s log, which reaches "
                        "back to %s%s%s%s",
                        db, since, kind ? " (" : "", kind ? kind : "",
                        kind ? " then)" : "");
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
        || snapshot_kind(&log->records[record])) {
        ret->note = reach_of_log(log, record < log->n_records ? record : 0,
                                 hint->db->db, arena);
        return;
    }
    ret->found = true;
    ret->record = ovsdb_record_number(log, record, &ret->file);
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
