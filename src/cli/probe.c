#include "probe/probe.h"

#include "cli/cli.h"

static const struct probe_options frames = { PROBE_DEFAULT_FRAMES,
                                             PROBE_DEFAULT_WAIT_MS };

static int
exit_status(const struct cli_options *o, const struct probe_result *r)
{
    return r->verdict == VERDICT_BROKEN || r->verdict == VERDICT_STORM
               ? EXIT_BROKEN
           : r->verdict == VERDICT_UNDETERMINED && o->strict
               ? EXIT_UNDETERMINED
               : EXIT_FINE;
}

/* Says what would be done, before it is.  As JSON that is told with the
 * result, or, where nothing is done, by itself. */
static bool
print_plan(const struct cli_state *state, const struct cli_options *o,
           const struct aim *aim)
{
    struct text out;
    text_init_file(&out, stdout);
    if (!o->json) {
        report_probe_plan(aim, frames.n_frames, frames.wait_ms, &o->report,
                          &out);
        text_putc(&out, '\n');
    } else if (o->dry_run || aim->storm) {
        report_probe_json(&state->evidence, aim, NULL, aim->storm, &out);
    }
    return cli_print(&out);
}

static bool
print_result(const struct cli_state *state, const struct cli_options *o,
             const struct probe_result *result)
{
    struct text out;
    text_init_file(&out, stdout);
    if (o->json) {
        report_probe_json(&state->evidence, result->aim, result, NULL, &out);
    } else {
        report_probe_text(result, &o->report, &out);
    }
    return cli_print(&out);
}

static int
probe(struct cli_state *state, const struct cli_options *o)
{
    const struct assessed_endpoint *at;
    struct aim aim;
    struct probe_result result;
    uint8_t mac[FRAME_MAC_BYTES];
    struct error *error =
        cli_find_endpoint(&state->tracker.assessment, o->arguments[0], &at);
    if (error) {
        return cli_fail(error);
    }
    probe_make_mac(mac);
    aim_init(&aim, &state->tracker.assessment, at, mac);
    if (!print_plan(state, o, &aim)) {
        return EXIT_TROUBLE;
    }
    if (o->dry_run) {
        return EXIT_FINE;
    }
    error =
        probe_run(&aim, &frames, &state->tracker.assessment.arena, &result);
    if (error) {
        int status = cli_fail(error);
        return aim.storm ? EXIT_BROKEN : status;
    }
    return print_result(state, o, &result) ? exit_status(o, &result)
                                           : EXIT_TROUBLE;
}

int
cli_probe(int argc, char **argv)
{
    struct cli_options o;
    struct cli_state state;
    int status;
    if (!cli_parse(argc, argv, &o, &status)) {
        cli_options_done(&o);
        return status;
    }
    struct error *error = cli_state_init(&state, &o);
    if (error) {
        status = cli_fail(error);
    } else {
        status = probe(&state, &o);
        cli_state_done(&state);
    }
    cli_options_done(&o);
    return status;
}
