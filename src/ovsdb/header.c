#include "ovsdb/header.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

#define SHA1_HEX_LENGTH (2 * DIGEST_BYTES)

static bool
parse_sha1(const char *hex, unsigned char sha1[DIGEST_BYTES])
{
    bool good = true;
    for (int i = 0; i < DIGEST_BYTES; i++) {
        int high = hex_digit((unsigned char) hex[2 * i]);
        int low = hex_digit((unsigned char) hex[2 * i + 1]);
        good &= high >= 0 && low >= 0;
        sha1[i] = (unsigned char) ((high & 15) << 4 | (low & 15));
    }
    return good;
}

bool
log_header_parse(const char *line, struct log_header *ret)
{
    ret->is_clustered =
        !strncmp(line, LOG_MAGIC_CLUSTER, strlen(LOG_MAGIC_CLUSTER));
    const char *magic = ret->is_clustered ? LOG_MAGIC_CLUSTER : LOG_MAGIC;
    if (strncmp(line, magic, strlen(magic))) {
        return false;
    }
    line += strlen(magic);
    char *end;
    errno = 0;
    ret->length = strtoull(line, &end, 10);
    return *line >= '0' && *line <= '9' && !errno && *end == ' '
           && strlen(end + 1) == SHA1_HEX_LENGTH
           && parse_sha1(end + 1, ret->sha1);
}

int
log_header_read_line(struct input *in, char line[LOG_HEADER_MAX_BYTES],
                     size_t *ret_n)
{
    size_t n = 0;
    int length = -1;
    while (n < LOG_HEADER_MAX_BYTES - 1
           && (in->p < in->end || input_more(in, NULL))) {
        char c = (char) *in->p++;
        if (c == '\n') {
            length = (int) n;
            break;
        }
        line[n++] = c ? c : '?';
    }
    line[n] = '\0';
    *ret_n = n;
    return length;
}
