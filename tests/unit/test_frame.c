#include "unit.h"

#include "probe/frame.h"

static const uint8_t ours[FRAME_MAC_BYTES] = { 0x02, 0x70, 0x6e, 1, 2, 3 };

static struct frame_probe
probe_for(const char *ip, uint16_t vlan)
{
    struct frame_probe p = { .vlan = vlan };
    memcpy(p.mac, ours, sizeof ours);
    assert_true(frame_aim(&p, ip));
    return p;
}

static size_t
from_hex(const char *hex, uint8_t *bytes)
{
    size_t n = strlen(hex) / 2;
    for (size_t i = 0; i < n; i++) {
        unsigned value;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        bytes[i] = (uint8_t) value;
    }
    return n;
}

static void
check_frame(const struct frame_probe *p, const char *hex)
{
    uint8_t built[FRAME_MAX_BYTES], expected[FRAME_MAX_BYTES];
    size_t n = frame_build(p, built);
    assert_int_equal(n, from_hex(hex, expected));
    assert_memory_equal(built, expected, n);
}

/* RFC 5227, section 2.1.1; byte for byte what the lab's VMs answered to. */
static void
builds_an_arp_probe(PROVNET_UNUSED void **state)
{
    struct frame_probe p = probe_for("192.168.50.185", 0);
    check_frame(&p,
                "ffffffffffff02706e0102030806"
                "000108000604000102706e01020300000000000000000000c0a832b9");
    p = probe_for("192.168.100.11", 100);
    check_frame(&p,
                "ffffffffffff02706e010203810000640806"
                "000108000604000102706e01020300000000000000000000c0a8640b");
}

/* RFC 4862, section 5.4.2.  The checksum is one that a Linux guest took: with
 * a wrong one it does not answer. */
static void
builds_a_solicitation(PROVNET_UNUSED void **state)
{
    struct frame_probe p = probe_for("2001:db8:50::185", 0);
    check_frame(&p, "3333ff00018502706e01020386dd"
                    "6000000000183aff00000000000000000000000000000000"
                    "ff0200000000000000000001ff000185"
                    "8700"
                    "4995"
                    "00000000"
                    "20010db8005000000000000000000185");
}

static enum frame_kind
read_hex(const struct frame_probe *p, const char *hex, uint16_t vlan,
         struct frame_seen *seen)
{
    uint8_t bytes[256];
    return frame_read(p, bytes, from_hex(hex, bytes), vlan, seen);
}

#define ARP_ANSWER             \
    "02706e010203fa163e500185" \
    "0806" ARP_ANSWER_BODY
#define ARP_ANSWER_BODY                                \
    "0001080006040002fa163e500185c0a832b902706e010203" \
    "00000000"
#define TAGGED_ANSWER                  \
    "02706e010203fa163e50018581000064" \
    "0806" ARP_ANSWER_BODY

static void
tells_question_and_answer_apart(PROVNET_UNUSED void **state)
{
    static const uint8_t guest[] = { 0xfa, 0x16, 0x3e, 0x50, 0x01, 0x85 };
    struct frame_probe p = probe_for("192.168.50.185", 0);
    struct frame_seen seen;
    uint8_t built[FRAME_MAX_BYTES];
    assert_int_equal(frame_read(&p, built, frame_build(&p, built), 0, &seen),
                     FRAME_REQUEST);
    assert_memory_equal(seen.mac, ours, sizeof ours);
    assert_int_equal(read_hex(&p, ARP_ANSWER, 0, &seen), FRAME_ANSWER);
    assert_memory_equal(seen.mac, guest, sizeof guest);
    assert_int_equal(seen.vlan, 0);
}

static void
takes_a_tag_from_the_kernel_or_the_frame(PROVNET_UNUSED void **state)
{
    struct frame_probe p = probe_for("192.168.50.185", 100);
    struct frame_seen seen;
    assert_int_equal(read_hex(&p, ARP_ANSWER, 100, &seen), FRAME_ANSWER);
    assert_int_equal(seen.vlan, 100);
    assert_int_equal(read_hex(&p, TAGGED_ANSWER, 0, &seen), FRAME_ANSWER);
    assert_int_equal(seen.vlan, 100);
}

/* For another address, to another prober, of another kind, or cut short. */
static void
passes_over_other_frames(PROVNET_UNUSED void **state)
{
    struct frame_probe p = probe_for("192.168.50.185", 0);
    struct frame_probe other = probe_for("192.168.50.186", 0);
    struct frame_probe ipv6 = probe_for("2001:db8:50::185", 0);
    struct frame_seen seen;
    uint8_t bytes[256];
    size_t n = from_hex(ARP_ANSWER, bytes);
    assert_int_equal(frame_read(&other, bytes, n, 0, &seen), FRAME_OTHER);
    assert_int_equal(frame_read(&ipv6, bytes, n, 0, &seen), FRAME_OTHER);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(frame_read(&p, bytes, i, 0, &seen), FRAME_OTHER);
    }
    p.mac[5]++;
    assert_int_equal(frame_read(&p, bytes, n, 0, &seen), FRAME_OTHER);
}

/* To all nodes as a guest sends it, and to the prober as OVN does: both as
 * captured in the lab but for the prober's address. */
static void
reads_advertisements(PROVNET_UNUSED void **state)
{
#define ALL_NODES "ff020000000000000000000000000001"
#define NOBODY "00000000000000000000000000000000"
#define NA_BODY(DESTINATION, LIMIT, CODE)                                 \
    "fa163e500185"                                                        \
    "86dd"                                                                \
    "6000000000203a" LIMIT "20010db8005000000000000000000185" DESTINATION \
    "88" CODE "000020000000"                                              \
    "20010db8005000000000000000000185"                                    \
    "0201fa163e500185"
    struct frame_probe p = probe_for("2001:db8:50::185", 0);
    struct frame_seen seen;
    assert_int_equal(
        read_hex(&p, "333300000001" NA_BODY(ALL_NODES, "ff", "00"), 0, &seen),
        FRAME_ANSWER);
    assert_int_equal(
        read_hex(&p, "02706e010203" NA_BODY(NOBODY, "ff", "00"), 0, &seen),
        FRAME_ANSWER);
    /* Through a router (RFC 4861, section 7.1.2), or to somebody else. */
    assert_int_equal(
        read_hex(&p, "333300000001" NA_BODY(ALL_NODES, "fe", "00"), 0, &seen),
        FRAME_OTHER);
    assert_int_equal(
        read_hex(&p, "333300000001" NA_BODY(ALL_NODES, "ff", "01"), 0, &seen),
        FRAME_OTHER);
    assert_int_equal(
        read_hex(&p, "02706e010204" NA_BODY(NOBODY, "ff", "00"), 0, &seen),
        FRAME_OTHER);
}

static void
refuses_what_is_no_address(PROVNET_UNUSED void **state)
{
    struct frame_probe p;
    assert_false(frame_aim(&p, ""));
    assert_false(frame_aim(&p, "192.168.50"));
    assert_false(frame_aim(&p, "2001:db8::/64"));
}

static void
survives_noise(PROVNET_UNUSED void **state)
{
    struct frame_probe p = probe_for("192.168.50.185", 0);
    struct frame_seen seen;
    uint64_t random = 1;
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t bytes[64];
        size_t n = draw(&random, sizeof bytes);
        for (size_t j = 0; j < n; j++) {
            bytes[j] = (uint8_t) draw(&random, 256);
        }
        frame_read(&p, bytes, n, 0, &seen);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_an_arp_probe),
        cmocka_unit_test(builds_a_solicitation),
        cmocka_unit_test(tells_question_and_answer_apart),
        cmocka_unit_test(takes_a_tag_from_the_kernel_or_the_frame),
        cmocka_unit_test(passes_over_other_frames),
        cmocka_unit_test(reads_advertisements),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(survives_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
