#include "cli/cli.h"

int
cli_rules(int argc, char **argv)
{
    struct cli_options o;
    int status;
    if (cli_parse(argc, argv, &o, &status)) {
        struct text out;
        text_init_file(&out, stdout);
        if (o.json) {
            report_rules_json(&out);
        } else {
            report_rules_text(&o.report, &out);
        }
        status = cli_print(&out) ? EXIT_FINE : EXIT_TROUBLE;
    }
    cli_options_done(&o);
    return status;
}
