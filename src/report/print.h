/* Laying out text: colours, wrapping, padding; and JSON's commas.  Private to
 * report/. */
#ifndef REPORT_PRINT_H
#define REPORT_PRINT_H 1

#include "base/text.h"
#include "report/report.h"

enum color {
    COLOR_NONE,
    COLOR_GOOD,
    COLOR_BAD,
    COLOR_WARN,
    COLOR_DIM,
    COLOR_BOLD
};

/* Appends 's' in a colour. */
void print_color(struct text *, const struct report_options *, enum color,
                 const char *s);

/* Appends 's' padded to 'width' characters, counting UTF-8 characters. */
void print_padded(struct text *, const char *s, size_t width);

/* Appends 's' wrapped at REPORT_COLUMNS; every line but the first begins with
 * 'indent' spaces, and the first already has 'column' characters.  Control
 * characters in 's' come out as '?'. */
void print_wrapped(struct text *, const char *s, size_t column, size_t indent);

/* Appends the word before a line of a finding; what follows is indented by so
 * much. */
#define PRINT_INDENT 10
void print_label(struct text *, const struct report_options *,
                 const char *label);

extern const enum color verdict_colors[N_VERDICTS];

/* Appends one hop of a drawn way. */
void print_step(const struct step *, const struct report_options *,
                struct text *);

/* JSON: a writer that knows where commas go. */
struct json_writer {
    struct text *out;
    bool needs_comma;
};

void json_open(struct json_writer *, const char *name, char bracket);
void json_close(struct json_writer *, char bracket);
void json_put(struct json_writer *, const char *name, const char *value);
void json_put_integer(struct json_writer *, const char *name, int64_t value);
void json_put_boolean(struct json_writer *, const char *name, bool value);
void json_put_null(struct json_writer *, const char *name);
void json_put_strings(struct json_writer *, const char *name,
                      const char *const *values, size_t n);

/* Opens a document with what all of them begin with. */
void json_open_document(struct json_writer *, const struct evidence *);
void json_put_step(struct json_writer *, const struct step *);
void json_put_time(struct json_writer *, const char *name, int64_t wall_ms);

/* A loop, below its finding; nothing if 'cycle' is NULL. */
void report_cycle_text(const struct flood_cycle *cycle,
                       const struct report_options *, struct text *);
void report_cycle_json(struct json_writer *, const struct flood_cycle *);

/* Parts of what a change does: its rows' words, and its effect. */
void report_lines_text(const struct trial *, const struct report_options *,
                       struct text *);
void report_impact_text(const struct impact *, const struct report_options *,
                        struct text *);
void report_put_change_rows(struct json_writer *, const struct change_list *);
void report_put_changes(struct json_writer *, const struct change_list *);
void report_put_impact(struct json_writer *, const struct impact *);

#endif /* report/print.h */
