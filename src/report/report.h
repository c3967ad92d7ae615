/* Verdicts and findings, for people and for programs.
 *
 * Everything is put into a 'struct text'; only the program prints.  Text is at
 * most REPORT_COLUMNS wide, in colour if asked; JSON is one document of the
 * form in doc/provnet.schema.json, to which fields are only ever added. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H 1

#include "apply/carry.h"
#include "apply/proof.h"
#include "base/text.h"
#include "history/bisect.h"
#include "probe/judge.h"
#include "reach/reach.h"
#include "repair/change.h"
#include "repair/plan.h"
#include "repair/trial.h"

#define REPORT_COLUMNS 100

struct report_options {
    bool color;
    bool all; /* List every endpoint, however many there are. */
};

/* What `check` says of the endpoints 'only' (all if 'n_only' is 0). */
void report_check_text(struct assessment *, const struct assessed_endpoint **,
                       size_t n_only, const struct report_options *,
                       struct text *);
void report_check_json(struct assessment *, const struct assessed_endpoint **,
                       size_t n_only, struct text *);

/* What `trace` draws. */
void report_trace_text(struct assessment *, const struct path *,
                       const char *from, const char *to,
                       const struct report_options *, struct text *);
void report_trace_json(struct assessment *, const struct path *,
                       const char *from, const char *to, struct text *);

/* What `probe` would send, before it does, and what came of it.  As JSON both
 * are one document; 'result' is NULL if nothing was done, and 'refused' why.
 */
void report_probe_plan(const struct aim *, unsigned n_frames, int wait_ms,
                       const struct report_options *, struct text *);
void report_probe_text(const struct probe_result *,
                       const struct report_options *, struct text *);
void report_probe_json(const struct evidence *, const struct aim *,
                       const struct probe_result *, const char *refused,
                       struct text *);

/* What `history` tells of a timeline: the events of a period that are wanted,
 * each with what followed from it. */
struct report_period {
    int64_t since_ms;
    int64_t until_ms;
};
void report_history_text(const struct timeline *, const struct report_period *,
                         const struct report_options *, struct text *);
void report_history_json(const struct evidence *, const struct timeline *,
                         const struct report_period *, struct text *);

/* What `bisect` found of one endpoint. */
void report_bisect_text(const struct timeline *,
                        const struct bisect_endpoint *,
                        const struct report_period *,
                        const struct report_options *, struct text *);
void report_bisect_json(const struct evidence *, const struct timeline *,
                        const struct bisect_endpoint *,
                        const struct report_period *, struct text *);

/* What it found of all, by the transaction that did it. */
void report_bisect_all_text(struct bisect *, const struct timeline *,
                            const struct report_period *,
                            const struct report_options *, struct text *);
void report_bisect_all_json(const struct evidence *, struct bisect *,
                            const struct timeline *,
                            const struct report_period *, struct text *);

/* What a change would do that was tried: 'what' is what was tried, in words of
 * a command line; 'changes' are its rows. */
void report_whatif_text(const struct trial *, const struct report_options *,
                        struct text *);
void report_whatif_json(const struct evidence *, const struct trial *,
                        const struct change_list *changes, const char *what,
                        struct text *);

/* What came of a plan that was carried out. */
struct report_deed {
    struct carry_result result;
    struct proof_list proofs; /* Of those that it was to restore. */
    struct error *why;        /* NULL if it stands. */
    bool is_begun;            /* Else the rest is not set. */
};

/* How many endpoints did not answer that were promised to. */
size_t report_refuted(const struct report_deed *);

/* Plans to mend findings; and, if they were carried out, what came of each
 * ('deeds' is NULL if they were not). */
void report_repair_text(struct plan *const *, size_t n,
                        const struct report_deed *deeds,
                        const struct report_options *, struct text *);
void report_repair_json(const struct evidence *, struct plan *const *,
                        size_t n, const struct report_deed *deeds,
                        struct text *);

/* The findings that concern an endpoint of 'only', in '*ret'; all if 'n_only'
 * is 0.  In the assessment's arena. */
size_t report_select_findings(struct assessment *,
                              const struct assessed_endpoint **only,
                              size_t n_only, struct reach_finding ***ret);

/* The document of a code (doc/codes/), or NULL.  'document_at' enumerates
 * them in the order of their codes; NULL past the end. */
struct document {
    const char *code;
    const char *text;
};
const struct document *document_find(const char *code);
const struct document *document_at(size_t i);

/* Appends a document as a person reads it. */
void report_document(const struct document *, const struct report_options *,
                     struct text *);

/* Appends the catalogue's codes. */
void report_rules_text(const struct report_options *, struct text *);
void report_rules_json(struct text *);

#endif /* report/report.h */
