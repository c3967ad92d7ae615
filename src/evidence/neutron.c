#include "evidence/neutron.h"

#include "evidence/document.h"

/* The first segment with a physical network, or the network itself. */
static const struct json_value *
find_segment(const struct json_value *network)
{
    const struct json_value *segments = json_member(network, "segments");
    if (segments && segments->kind == JSON_ARRAY) {
        for (const struct json_value *s = segments->first; s; s = s->next) {
            if (json_member_string(s, "provider:physical_network")) {
                return s;
            }
        }
    }
    return network;
}

static void
take_network(const struct json_value *v, struct arena *arena,
             struct strmap *networks)
{
    const char *id = json_member_string(v, "id");
    const char *name = json_member_string(v, "name");
    const struct json_value *segment = find_segment(v);
    const char *type = json_member_string(segment, "provider:network_type");
    if (!id) {
        return;
    }
    struct neutron_network *network = arena_zalloc(arena, sizeof *network);
    network->id = id;
    network->name = name ? name : id;
    network->type = type ? type : "";
    network->physical_network =
        json_member_string(segment, "provider:physical_network");
    network->segmentation_id =
        document_integer(segment, "provider:segmentation_id");
    *strmap_place(networks, id) = network;
}

struct error *
neutron_parse_networks(const char *bytes, size_t size, struct arena *arena,
                       struct strmap *networks)
{
    struct json_value *document;
    struct error *error = document_parse(bytes, size, arena, &document);
    if (error) {
        return error;
    }
    const struct json_value *list = json_member(document, "networks");
    list = list ? list : document;
    if (list->kind != JSON_ARRAY) {
        return error_hint(error_new("this is no list of networks"),
                          "it holds what GET /v2.0/networks answers");
    }
    for (const struct json_value *v = list->first; v; v = v->next) {
        take_network(v, arena, networks);
    }
    return NULL;
}
