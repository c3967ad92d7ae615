#include "ovsdb/session.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ovsdb/tree.h"

#define MAX_SMALL_NODES 10000
#define MAX_REMOTES 16
#define MAX_QUOTED_LENGTH 200
#define MAX_REQUEST_BYTES ((size_t) 64 << 20)

#define ZERO_UUID "00000000-0000-0000-0000-000000000000"

struct session {
    struct ovsdb_stream *stream;
    struct input in;
    struct json_reader reader;
    struct arena arena;        /* Results that are kept: the schema. */
    struct arena scratch;      /* One message. */
    const char *name;          /* Of the database. */
    struct ovsdb_store *store; /* NULL if no rows are wanted. */
    uint64_t n_bytes;
    uint64_t max_bytes;
    bool closed;  /* By the server. */
    bool flooded; /* 'max_bytes' was reached. */
    bool broken;  /* The stream failed, or the time is up. */
    int64_t next_id;
};

/* A request that waits for its reply. */
struct call;

/* Reads the reply's result; the reader's error says if that failed. */
typedef void take_result(struct session *, struct call *);

struct call {
    const char *method;
    take_result *take;
    enum ovsdb_form form; /* Of the rows, where it asks for rows. */

    int64_t id;
    bool answered;
    bool has_result;
    const struct json_value *result; /* By take_tree(). */
    char *refusal; /* The reply's "error", in words; malloc()ed. */
    bool unknown_method;
};

/* A message as it comes in.  Its members may have any order. */
struct message {
    const char *method;
    const struct json_value *id;
    const struct json_value *params;
    const struct json_value *error;
};

/* Bytes. */

static ssize_t
fill(void *aux, void *buffer, size_t size, struct error **error)
{
    struct session *s = aux;
    if (s->n_bytes >= s->max_bytes) {
        s->flooded = true;
        *error = error_new("it sends more than %llu MiB",
                           (unsigned long long) (s->max_bytes >> 20));
        return -1;
    }
    ssize_t n = ovsdb_stream_fill(s->stream, buffer, size, error);
    if (n > 0) {
        s->n_bytes += (uint64_t) n;
    }
    s->closed = !n;
    s->broken = n < 0;
    return n;
}

/* The beginning of 's', for a message, cut where a character ends. */
static void
put_beginning(struct text *t, const char *s)
{
    size_t length = strlen(s), n = length;
    if (n > MAX_QUOTED_LENGTH) {
        n = MAX_QUOTED_LENGTH;
        while (n && ((unsigned char) s[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    text_put(t, s, n);
    text_puts(t, n < length ? "..." : "");
}

static struct error *
send_text(struct session *s, const struct text *t)
{
    return ovsdb_stream_write(s->stream, text_string(t), t->length);
}

static struct error *
answer_echo(struct session *s, const struct message *m)
{
    struct text t;
    text_init(&t, MAX_REQUEST_BYTES);
    text_puts(&t, "{\"id\":");
    tree_put(&t, m->id);
    text_puts(&t, ",\"result\":");
    if (m->params) {
        tree_put(&t, m->params);
    } else {
        text_puts(&t, "[]");
    }
    text_puts(&t, ",\"error\":null}");
    struct error *error = t.truncated ? NULL : send_text(s, &t);
    text_done(&t);
    return error;
}

/* Results. */

static void
take_tree(struct session *s, struct call *call)
{
    call->result =
        json_read_value(&s->reader, &s->arena, OVSDB_MAX_SCHEMA_NODES);
}

static void
take_rows(struct session *s, struct call *call)
{
    s->max_bytes = OVSDB_SESSION_MAX_BYTES;
    ovsdb_store_read(s->store, &s->reader, call->form);
}

/* [<found>, <last-txn-id>, <table-updates2>] */
static void
take_found_rows(struct session *s, struct call *call)
{
    struct json_reader *r = &s->reader;
    bool found;
    struct json_slice last_id;
    if (json_begin(r, '[') && json_next_element(r) && json_bool(r, &found)
        && json_next_element(r) && json_string(r, &last_id)
        && json_next_element(r)) {
        take_rows(s, call);
        if (!json_failed(r) && json_next_element(r)) {
            json_fail(r, "a result of more than three elements");
        }
    } else {
        json_fail(r, "a result of less than three elements");
    }
}

/* Messages. */

static void
read_result(struct session *s, struct call *call)
{
    if (json_peek(&s->reader) == 'n') {
        json_null(&s->reader);
    } else if (call->has_result) {
        json_fail(&s->reader, "a message with two results");
    } else {
        call->has_result = true;
        call->take(s, call);
    }
}

static void
read_member(struct session *s, struct call *call,
            const struct json_slice *name, struct message *m)
{
    struct json_reader *r = &s->reader;
    struct arena *a = &s->scratch;
    if (json_slice_equals(name, "result")) {
        read_result(s, call);
    } else if (json_slice_equals(name, "id")) {
        m->id = json_read_value(r, a, MAX_SMALL_NODES);
    } else if (json_slice_equals(name, "error")) {
        m->error = json_read_value(r, a, MAX_SMALL_NODES);
    } else if (json_slice_equals(name, "method")) {
        struct json_slice method;
        if (json_string(r, &method)) {
            m->method = arena_strndup(a, method.s, method.length);
        }
    } else if (json_slice_equals(name, "params")
               && (!m->method || !strcmp(m->method, "echo"))) {
        m->params = json_read_value(r, a, MAX_SMALL_NODES);
    } else {
        json_skip(r);
    }
}

/* The "error" of a reply in words: a string, or an <error> of RFC 7047,
 * section 3.1. */
static void
take_refusal(struct call *call, const struct json_value *error)
{
    struct text t;
    const char *what = error->kind == JSON_STRING
                           ? error->string
                           : json_member_string(error, "error");
    const char *details = json_member_string(error, "details");
    text_init(&t, TEXT_CEILING_BYTES);
    put_beginning(&t, what ? what : "an error of a form not known");
    if (details) {
        text_puts(&t, ": ");
        put_beginning(&t, details);
    }
    call->unknown_method = what && !strcmp(what, "unknown method");
    free(call->refusal);
    call->refusal = xstrdup(text_string(&t));
    text_done(&t);
}

/* Judges a message that was read whole. */
static void
judge_message(struct session *s, struct call *call, const struct message *m)
{
    bool is_null = !m->id || m->id->kind == JSON_NULL;
    if (m->method) {
        if (call->has_result) {
            json_fail(&s->reader, "a message with a method and a result");
        } else if (!strcmp(m->method, "echo") && !is_null) {
            struct error *error = answer_echo(s, m);
            if (error) {
                s->broken = true;
                input_fail(&s->in, error);
            }
        }
        return;
    }
    if (is_null || m->id->kind != JSON_INTEGER || m->id->integer != call->id) {
        json_fail(&s->reader, "a reply to a question that was not asked");
        return;
    }
    call->answered = true;
    if (m->error && m->error->kind != JSON_NULL) {
        take_refusal(call, m->error);
    } else if (!call->has_result) {
        json_fail(&s->reader, "a reply with neither result nor error");
    }
}

static void
read_message(struct session *s, struct call *call)
{
    struct message m = { 0 };
    struct json_slice name;
    arena_clear(&s->scratch);
    if (json_begin(&s->reader, '{')) {
        while (json_next_member(&s->reader, &name)) {
            read_member(s, call, &name, &m);
            if (json_failed(&s->reader)) {
                return;
            }
        }
    }
    if (!json_failed(&s->reader)) {
        judge_message(s, call, &m);
    }
}

/* Calls. */

/* Why no whole reply came. */
static struct error *
explain_reply(const struct session *s, const struct call *call)
{
    const char *why = error_text(s->in.error);
    if (s->closed && !s->n_bytes) {
        return error_hint(error_new("the server closed the connection without "
                                    "a word"),
                          "does it expect TLS (ssl:), or refuse this host?");
    }
    if (s->closed) {
        return error_hint(error_new("the server closed the connection before "
                                    "its reply to %s was complete, after %llu "
                                    "bytes",
                                    call->method,
                                    (unsigned long long) s->n_bytes),
                          "try again, and look into the server's log");
    }
    if (s->flooded) {
        return error_hint(error_new("reply to %s: %s", call->method, why),
                          "is this an OVSDB server?");
    }
    if (s->broken) {
        return error_new("%s", why);
    }
    return error_hint(error_new("its reply to %s is not what an OVSDB server "
                                "says: %s",
                                call->method, why),
                      "is this an OVSDB server?");
}

/* Sends 'request' and waits for its reply.  NULL if one came: then
 * call->refusal tells whether the server refused. */
static struct error *
do_call(struct session *s, struct call *call, const char *params)
{
    struct text t;
    call->id = s->next_id++;
    text_init(&t, MAX_REQUEST_BYTES);
    text_printf(&t, "{\"id\":%lld,\"method\":\"%s\",\"params\":%s}",
                (long long) call->id, call->method, params);
    struct error *error = t.truncated
                              ? error_new("a request of more than %zu MiB",
                                          MAX_REQUEST_BYTES >> 20)
                              : send_text(s, &t);
    text_done(&t);
    while (!error && !call->answered && !s->in.error) {
        read_message(s, call);
    }
    if (!error && s->in.error) {
        error = explain_reply(s, call);
    }
    return error;
}

static void
done_call(struct call *call)
{
    free(call->refusal);
    call->refusal = NULL;
}

/* The schema. */

static struct error *
get_schema(struct session *s)
{
    const char *name = s->store->spec->name;
    struct call call = { .method = "get_schema", .take = take_tree };
    struct text t;
    text_init(&t, MAX_REQUEST_BYTES);
    text_printf(&t, "[\"%s\"]", name);
    struct error *error = do_call(s, &call, text_string(&t));
    if (!error && call.refusal) {
        error = error_hint(error_new("the server gives no schema of %s: %s",
                                     name, call.refusal),
                           "does it serve that database?  `ovsdb-client "
                           "list-dbs REMOTE` tells");
    } else if (!error) {
        error = ovsdb_store_set_schema(s->store, call.result);
    }
    text_done(&t);
    done_call(&call);
    return error;
}

/* The state of the database within its cluster. */

static const struct json_value *
first_of(const struct json_value *v)
{
    return v && v->kind == JSON_ARRAY ? v->first : NULL;
}

/* Refuses a member that is cut off from its cluster, whose rows may be old,
 * or of another cluster than 'cid'.  Servers before Open vSwitch 2.9 have no
 * _Server database; they have no clusters either. */
static struct error *
check_member(struct session *s, const char *cid)
{
    struct call call = { .method = "transact", .take = take_tree };
    struct text t;
    text_init(&t, MAX_REQUEST_BYTES);
    text_printf(&t,
                "[\"_Server\",{\"op\":\"select\",\"table\":\"Database\","
                "\"where\":[[\"name\",\"==\",\"%s\"]],"
                "\"columns\":[\"connected\",\"cid\"]}]",
                s->name);
    struct error *error = do_call(s, &call, text_string(&t));
    if (!error && !call.refusal) {
        const struct json_value *row =
            first_of(json_member(first_of(call.result), "rows"));
        const struct json_value *connected = json_member(row, "connected");
        const struct json_value *uuid = first_of(json_member(row, "cid"));
        uuid = uuid ? uuid->next : NULL;
        if (connected && connected->kind == JSON_BOOL && !connected->boolean) {
            error = error_hint(error_new("this server is cut off from its "
                                         "cluster, its rows may be old"),
                               "give a member that is connected");
        } else if (cid
                   && (!uuid || uuid->kind != JSON_STRING
                       || strcasecmp(uuid->string, cid))) {
            error = error_new("this server is not of cluster %s", cid);
        }
    }
    text_done(&t);
    done_call(&call);
    return error;
}

/* The rows. */

static void
put_columns(struct text *t, const struct ovsdb_table *table)
{
    const char *between = "";
    for (unsigned c = 0; c < table->spec->n_columns; c++) {
        if (ovsdb_has_column(table, c)) {
            text_puts(t, between);
            json_put_string(t, table->spec->columns[c].name);
            between = ",";
        }
    }
}

/* [<db-name>, <json-value>, {<table>: [<request>]}, ...] */
static void
put_monitor_params(struct text *t, const struct ovsdb_store *store,
                   const char *last)
{
    const char *between = "";
    text_printf(t, "[\"%s\",\"provnet\",{", store->spec->name);
    for (unsigned i = 0; i < store->spec->n_tables; i++) {
        const struct ovsdb_table *table = &store->tables[i];
        if (!table->present) {
            continue;
        }
        text_puts(t, between);
        json_put_string(t, table->spec->name);
        text_puts(t, ":[{\"columns\":[");
        put_columns(t, table);
        text_puts(t, "],\"select\":{\"initial\":true,\"insert\":false,"
                     "\"delete\":false,\"modify\":false}}]");
        between = ",";
    }
    text_printf(t, "}%s]", last);
}

/* The ways to ask for all rows, newest first. */
static const struct monitor {
    const char *method;
    take_result *take;
    enum ovsdb_form form;
    const char *last_param;
} monitors[] = {
    { "monitor_cond_since", take_found_rows, OVSDB_FORM_UPDATES2,
      ",\"" ZERO_UUID "\"" },
    { "monitor_cond", take_rows, OVSDB_FORM_UPDATES2, "" },
    { "monitor", take_rows, OVSDB_FORM_UPDATES, "" },
};

static struct error *
get_rows(struct session *s)
{
    struct error *error = NULL;
    bool unknown = true;
    for (size_t i = 0; i < N_ELEMENTS(monitors) && unknown && !error; i++) {
        const struct monitor *monitor = &monitors[i];
        struct call call = { .method = monitor->method,
                             .take = monitor->take,
                             .form = monitor->form };
        struct text t;
        text_init(&t, MAX_REQUEST_BYTES);
        put_monitor_params(&t, s->store, monitor->last_param);
        error = do_call(s, &call, text_string(&t));
        unknown = call.unknown_method && !call.has_result
                  && i + 1 < N_ELEMENTS(monitors);
        if (!error && call.refusal && !unknown) {
            error = error_new("the server refuses %s: %s", call.method,
                              call.refusal);
        }
        text_done(&t);
        done_call(&call);
    }
    return error;
}

/* Transactions. */

struct error *
ovsdb_transaction_failure(const struct json_value *results)
{
    unsigned i = 0;
    for (const struct json_value *v = first_of(results); v; v = v->next) {
        const char *what = json_member_string(v, "error");
        const char *details = json_member_string(v, "details");
        if (what) {
            return error_new("operation %u of the transaction failed: %s%s%s",
                             i, what, details ? ": " : "",
                             details ? details : "");
        }
        i++;
    }
    return NULL;
}

const struct json_value *
ovsdb_transaction_row(const struct json_value *results)
{
    return first_of(json_member(first_of(results), "rows"));
}

static struct error *
transact(struct session *s, const char *params, struct arena *arena,
         const struct json_value **ret)
{
    struct call call = { .method = "transact", .take = take_tree };
    struct error *error = do_call(s, &call, params);
    if (!error && call.refusal) {
        error =
            error_new("the server refuses the transaction: %s", call.refusal);
    } else if (!error) {
        error = ovsdb_transaction_failure(call.result);
    }
    if (call.result && ret) {
        *ret = tree_copy(call.result, arena);
    }
    done_call(&call);
    return error;
}

/* Sessions. */

/* What a session is for: takes a snapshot, or, if 'params' is not NULL, does
 * that transaction. */
struct purpose {
    struct ovsdb_store *store;
    struct ovsdb_session_info *ret_info;
    const char *name; /* Of the database. */
    const char *params;
    struct arena *arena;
    const struct json_value **ret_result;
};

static struct error *
take_snapshot(struct session *s, const char *cid, int64_t deadline_ms)
{
    struct error *error = get_schema(s);
    if (!error) {
        error = check_member(s, cid);
    }
    if (!error) {
        /* It is alive: it may have all the time that is left. */
        ovsdb_stream_set_deadline(s->stream, deadline_ms);
        error = get_rows(s);
    }
    if (error) {
        ovsdb_store_abort(s->store);
    } else {
        ovsdb_store_commit(s->store, 0);
    }
    return error;
}

static struct error *
run_session(struct session *s, const struct purpose *p, const char *cid,
            int64_t deadline_ms)
{
    if (!p->params) {
        return take_snapshot(s, cid, deadline_ms);
    }
    struct error *error = check_member(s, cid);
    if (!error) {
        ovsdb_stream_set_deadline(s->stream, deadline_ms);
        error = transact(s, p->params, p->arena, p->ret_result);
    }
    return error;
}

/* A session with one remote, which must say its first words before
 * 'first_ms'. */
static struct error *
talk_to_one(const char *remote, const char *cid, const struct ovsdb_tls *tls,
            int64_t first_ms, int64_t deadline_ms, const struct purpose *p)
{
    struct session s = { .store = p->store,
                         .name = p->name,
                         .max_bytes = OVSDB_SESSION_MAX_TALK_BYTES };
    struct error *error = ovsdb_stream_open(remote, tls, first_ms, &s.stream);
    if (error) {
        return error;
    }
    arena_init(&s.arena);
    arena_init(&s.scratch);
    input_init(&s.in, fill, &s);
    json_reader_init(&s.reader, &s.in);
    error = run_session(&s, p, cid, deadline_ms);
    if (!error && p->ret_info) {
        p->ret_info->remote = xstrdup(remote);
        p->ret_info->bytes = s.n_bytes;
        p->ret_info->peer_pid = ovsdb_stream_peer_pid(s.stream);
    }
    json_reader_done(&s.reader);
    input_done(&s.in);
    arena_done(&s.scratch);
    arena_done(&s.arena);
    ovsdb_stream_close(s.stream);
    return error;
}

/* Splits 'list', which it cuts up, at its commas.  Returns how many remotes
 * there are, and the cluster's ID if it is in the list. */
static size_t
split_remotes(char *list, const char *remotes[MAX_REMOTES],
              const char **ret_cid)
{
    size_t n = 0;
    char *save = NULL;
    *ret_cid = NULL;
    for (char *s = strtok_r(list, ", ", &save); s && n < MAX_REMOTES;
         s = strtok_r(NULL, ", ", &save)) {
        if (!strncmp(s, "cid:", 4)) {
            *ret_cid = s + 4;
        } else {
            remotes[n++] = s;
        }
    }
    return n;
}

/* Empties a store that may hold part of what a server said. */
static void
restart_store(struct ovsdb_store *store)
{
    const struct ovsdb_spec *spec = store->spec;
    ovsdb_store_done(store);
    ovsdb_store_init(store, spec);
}

/* 'error' of 'remote', without the control characters that a server may have
 * put into it. */
static struct error *
clean_error(struct error *error, const char *remote)
{
    struct text t;
    text_init(&t, TEXT_CEILING_BYTES);
    for (const char *s = error_text(error); *s; s++) {
        unsigned char c = (unsigned char) *s;
        text_putc(&t, c < ' ' || c == 0x7f ? '?' : *s);
    }
    error_free(error);
    error = error_new("%s: %s", remote, text_string(&t));
    text_done(&t);
    return error;
}

/* Both errors in one line. */
static struct error *
append_error(struct error *first, struct error *second)
{
    if (!first) {
        return second;
    }
    struct error *both =
        error_new("%s; %s", error_text(first), error_text(second));
    error_free(first);
    error_free(second);
    return both;
}

/* Tries the remotes in turn until one does what is wanted. */
static struct error *
talk_to_any(const char *remotes, const struct ovsdb_tls *tls,
            int64_t deadline_ms, const struct purpose *p)
{
    const char *members[MAX_REMOTES], *cid;
    char *list = xstrdup(remotes);
    size_t n = split_remotes(list, members, &cid);
    struct error *errors = NULL;
    bool done = false;
    for (size_t i = 0; i < n && !done; i++) {
        int64_t now_ms = clock_now_ms();
        int64_t first_ms = now_ms + (deadline_ms - now_ms) / (int64_t) (n - i);
        struct error *error =
            talk_to_one(members[i], cid, tls, first_ms, deadline_ms, p);
        done = !error;
        if (error) {
            if (p->store) {
                restart_store(p->store);
            }
            errors = append_error(errors, clean_error(error, members[i]));
        }
    }
    free(list);
    if (done) {
        error_free(errors);
        return NULL;
    }
    return errors ? errors : error_new("\"%s\" names no remote", remotes);
}

struct error *
ovsdb_session_snapshot(const char *remotes, const struct ovsdb_tls *tls,
                       int64_t deadline_ms, struct ovsdb_store *store,
                       struct ovsdb_session_info *ret_info)
{
    const struct purpose snapshot = { .store = store,
                                      .ret_info = ret_info,
                                      .name = store->spec->name };
    return talk_to_any(remotes, tls, deadline_ms, &snapshot);
}

struct error *
ovsdb_session_transact(const char *remote, const struct ovsdb_tls *tls,
                       int64_t deadline_ms, const char *name,
                       const char *params, struct arena *arena,
                       const struct json_value **ret)
{
    const struct purpose transaction = {
        .name = name, .params = params, .arena = arena, .ret_result = ret
    };
    if (strpbrk(remote, ", ")) {
        return error_new("\"%s\" names more than one remote", remote);
    }
    return talk_to_any(remote, tls, deadline_ms, &transaction);
}
