#include "cli/cli.h"

int
cli_explain(int argc, char **argv)
{
    struct cli_options o;
    int status;
    if (cli_parse(argc, argv, &o, &status)) {
        const struct document *document = document_find(o.arguments[0]);
        if (document) {
            struct text out;
            text_init_file(&out, stdout);
            report_document(document, &o.report, &out);
            status = cli_print(&out) ? EXIT_FINE : EXIT_TROUBLE;
        } else {
            status = cli_fail(error_hint(
                error_new("there is no document on \"%s\"", o.arguments[0]),
                "`provnet rules` lists the codes"));
        }
    }
    cli_options_done(&o);
    return status;
}
