/* What was done to copies, tried on the evidence. */
#include <stdio.h>
#include <stdlib.h>

#include "apply/scratch.h"
#include "repair/trial.h"

/* What a record of a copy's log says, to be tried on the evidence. */
static struct error *
try_record(struct trial *trial, const struct scratch_db *copy, FILE *stream)
{
    unsigned long long length;
    char header[256];
    if (!fgets(header, sizeof header, stream)
        || sscanf(header, "OVSDB JSON %llu ", &length) != 1
        || length > ((unsigned long long) 1 << 32)) {
        return error_new("%s: what was written last is no record", copy->file);
    }
    char *body = xmalloc((size_t) length + 1);
    size_t n = fread(body, 1, (size_t) length, stream);
    struct error *error =
        n == length
            ? trial_commit(trial, copy->db, copy->chassis, body, n)
            : error_new("%s: what was written last is cut short", copy->file);
    free(body);
    return error;
}

/* Tries what was written to the copy behind what had been copied. */
static struct error *
try_copy(struct trial *trial, const struct scratch_db *copy)
{
    struct error *error = NULL;
    FILE *stream = fopen(copy->file, "re");
    if (!stream || fseek(stream, (long) copy->size, SEEK_SET)) {
        error = error_new("%s: cannot read it again", copy->file);
    }
    for (int c; !error && (c = getc(stream)) != EOF;) {
        ungetc(c, stream);
        error = try_record(trial, copy, stream);
    }
    if (stream) {
        fclose(stream);
    }
    return error;
}

struct error *
scratch_try(const struct scratch *scratch, struct trial *trial)
{
    struct error *error = NULL;
    size_t n;
    const struct scratch_db *copies = scratch_dbs(scratch, &n);
    for (size_t i = 0; i < n && !error; i++) {
        error = try_copy(trial, &copies[i]);
    }
    return error ? error : trial_end(trial);
}
