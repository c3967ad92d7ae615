/* The lines that stand before the records of an OVSDB file (ovsdb(5)):
 * "OVSDB JSON <length> <SHA-1>", in a clustered file with CLUSTER. */
#ifndef OVSDB_HEADER_H
#define OVSDB_HEADER_H 1

#include "base/input.h"
#include "ovsdb/digest.h"

/* Open vSwitch, ovsdb/log.h: OVSDB_MAGIC, RAFT_MAGIC. */
#define LOG_MAGIC "OVSDB JSON "
#define LOG_MAGIC_CLUSTER "OVSDB CLUSTER "
#define LOG_HEADER_MAX_BYTES 128

struct log_header {
    uint64_t offset; /* Of the header line; the reader sets it. */
    uint64_t length; /* Bytes of the body. */
    unsigned char sha1[DIGEST_BYTES];
    bool is_clustered;
};

bool log_header_parse(const char *line, struct log_header *ret);

/* Reads a line into 'line', without its end.  Returns its length, or -1 if
 * the input ends, or the line does not fit, first; '*ret_n' says how many
 * bytes there were. */
int log_header_read_line(struct input *, char line[LOG_HEADER_MAX_BYTES],
                         size_t *ret_n);

#endif /* ovsdb/header.h */
