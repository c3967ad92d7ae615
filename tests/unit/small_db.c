#include "small_db.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <openssl/sha.h>

#include "base/compiler.h"

static const struct ovsdb_column_spec switch_columns[] = {
    [SWITCH_NAME] = { .name = "name", .key = OVSDB_STRING },
    [SWITCH_PORTS] = { .name = "ports",
                       .key = OVSDB_UUID,
                       .ref_table = SMALL_PORT,
                       .owns = true },
    [SWITCH_KEYS] = { .name = "keys",
                      .key = OVSDB_STRING,
                      .value = OVSDB_STRING,
                      .remembers = true },
    [SWITCH_SIZES] = { .name = "sizes", .key = OVSDB_INTEGER },
    [SWITCH_NOTE] = { .name = "note", .key = OVSDB_STRING, .remembers = true },
    [SWITCH_ENABLED] = { .name = "enabled", .key = OVSDB_BOOLEAN },
    [SWITCH_RATIO] = { .name = "ratio", .key = OVSDB_REAL },
    [SWITCH_MAIN] = { .name = "main",
                      .key = OVSDB_UUID,
                      .ref_table = SMALL_PORT },
    [SWITCH_GONE] = { .name = "gone", .key = OVSDB_STRING },
};

static const struct ovsdb_column_spec port_columns[] = {
    [PORT_NAME] = { .name = "name", .key = OVSDB_STRING },
    [PORT_TAG] = { .name = "tag", .key = OVSDB_INTEGER },
};

static const struct ovsdb_table_spec tables[SMALL_N_TABLES] = {
    [SMALL_SWITCH] = { "Switch", switch_columns, N_ELEMENTS(switch_columns) },
    [SMALL_PORT] = { "Port", port_columns, N_ELEMENTS(port_columns) },
    [SMALL_ABSENT] = { "Absent", port_columns, N_ELEMENTS(port_columns) },
};

const struct ovsdb_spec small_spec = { .name = "Small",
                                       .db = "small",
                                       .tables = tables,
                                       .n_tables = SMALL_N_TABLES };

#define OPTIONAL(TYPE) "{\"type\":{\"key\":\"" TYPE "\",\"min\":0,\"max\":1}}"

const char small_schema[] =
    "{\"name\":\"Small\",\"version\":\"1.0.0\",\"tables\":{"
    "\"Switch\":{\"isRoot\":true,\"columns\":{"
    "\"name\":{\"type\":\"string\"},"
    "\"ports\":{\"type\":{\"key\":{\"type\":\"uuid\",\"refTable\":\"Port\","
    "\"refType\":\"strong\"},\"min\":0,\"max\":\"unlimited\"}},"
    "\"keys\":{\"type\":{\"key\":\"string\",\"value\":\"string\",\"min\":0,"
    "\"max\":\"unlimited\"}},"
    "\"sizes\":{\"type\":{\"key\":\"integer\",\"min\":0,"
    "\"max\":\"unlimited\"}},"
    "\"note\":" OPTIONAL("string") ",\"enabled\":" OPTIONAL(
        "boolean") ","
                   "\"ratio\":" OPTIONAL(
                       "real") ","
                               "\"main\":{\"type\":{\"key\":{\"type\":"
                               "\"uuid\",\"refTable\":\"Port\","
                               "\"refType\":\"weak\"},\"min\":0,\"max\":1}},"
                               "\"extra\":{\"type\":\"string\"}}},"
                               "\"Port\":{\"columns\":{\"name\":{\"type\":"
                               "\"string\"},"
                               "\"tag\":" OPTIONAL(
                                   "integer") "}},"
                                              "\"Other\":{\"columns\":{"
                                              "\"name\":{\"type\":\"string\"}}"
                                              "}}}";

char *
small_json(const char *s)
{
    char *copy = xstrdup(s);
    for (char *p = copy; *p; p++) {
        *p = *p == '\'' ? '"' : *p;
    }
    return copy;
}

void
small_store_init(struct ovsdb_store *store)
{
    struct input_memory memory;
    struct input in;
    struct json_reader reader;
    ovsdb_store_init(store, &small_spec);
    input_init_memory(&in, &memory, small_schema, strlen(small_schema));
    json_reader_init(&reader, &in);
    const struct json_value *schema =
        json_read_value(&reader, &store->arena, 1000);
    assert(schema);
    struct error *error = ovsdb_store_set_schema(store, schema);
    assert(!error);
    json_reader_done(&reader);
    input_done(&in);
}

static void
put_record(struct text *file, const char *magic, const char *json,
           size_t length)
{
    unsigned char sha1[SHA_DIGEST_LENGTH];
    char *body = xmalloc(length + 1);
    memcpy(body, json, length);
    body[length] = '\n';
    SHA1((unsigned char *) body, length + 1, sha1);
    text_printf(file, "OVSDB %s %zu ", magic, length + 1);
    for (size_t i = 0; i < sizeof sha1; i++) {
        text_printf(file, "%02x", sha1[i]);
    }
    text_putc(file, '\n');
    text_put(file, body, length + 1);
    free(body);
}

void
small_put_record(struct text *file, const char *json, size_t length)
{
    put_record(file, "JSON", json, length);
}

void
small_put(struct text *file, const char *quoted)
{
    char *json = small_json(quoted);
    small_put_record(file, json, strlen(json));
    free(json);
}

void
small_put_clustered_record(struct text *file, const char *json, size_t length)
{
    put_record(file, "CLUSTER", json, length);
}

void
small_put_clustered(struct text *file, const char *quoted)
{
    char *json = small_json(quoted);
    small_put_clustered_record(file, json, strlen(json));
    free(json);
}

int
small_memory_file(const void *bytes, size_t size)
{
    int fd = memfd_create("small", MFD_CLOEXEC);
    ssize_t n = write(fd, bytes, size);
    assert(n == (ssize_t) size);
    lseek(fd, 0, SEEK_SET);
    return fd;
}
