"""Whom to ask what, frame by frame, in the networks of networks.py."""
import collections
import re

from networks import BEYOND

HOST_MAC = "0a:00:00:00:00:c8"
# Protocols that find a MAC address; without one there is no echo.
RESOLUTION = ("ARP", "ND")

# 'frames' of 'protocol', in order, between 'address' and a host on the physical
# network, or beyond it, begun by the host if 'direction' is "inbound".
Probe = collections.namedtuple("Probe", "address direction protocol frames")


class Frame(collections.namedtuple(
        "Frame", "switch port to state fields marks", defaults=[()])):
    """Comes in at 'port' of 'switch'.  It, or what a router makes of it, must
    go out at port 'to', and the trace must have all 'marks'."""

    def protocol(self):
        return next(name for field, name in [
            ("arp.", "ARP"), ("nd.", "ND"), ("icmp4.", "ICMP"),
            ("icmp6.", "ICMPv6")]
            if any(one.startswith(field) for one in self.fields))


# One end of an exchange: where it is plugged in, and its addresses.
End = collections.namedtuple("End", "switch port mac address")


def solicited(address):
    """The multicast address and MAC of whom ND asks for 'address'."""
    low = int(address.rsplit(":", 1)[1] or "0", 16) & 0xffffff
    return (f"ff02::1:ff{low >> 16:02x}:{low & 0xffff:x}",
            f"33:33:ff:{low >> 16:02x}:{low >> 8 & 255:02x}:{low & 255:02x}")


def question(a, b, to, version):
    """'a' asks who has the address of 'b'; it or the answer leaves at 'to'."""
    if version == 4:
        return Frame(a.switch, a.port, to, "new", [
            f"eth.src == {a.mac}", "eth.dst == ff:ff:ff:ff:ff:ff",
            "arp.op == 1", f"arp.sha == {a.mac}", f"arp.spa == {a.address}",
            "arp.tha == 00:00:00:00:00:00", f"arp.tpa == {b.address}"])
    group, mac = solicited(b.address)
    return Frame(a.switch, a.port, to, "new", [
        f"eth.src == {a.mac}", f"eth.dst == {mac}", f"ip6.src == {a.address}",
        f"ip6.dst == {group}", "ip.ttl == 255", "icmp6.type == 135",
        "icmp6.code == 0", f"nd.target == {b.address}", f"nd.sll == {a.mac}"])


def answer(a, b, version):
    """'b' answers that question of 'a'."""
    macs = [f"eth.src == {b.mac}", f"eth.dst == {a.mac}"]
    if version == 4:
        return Frame(b.switch, b.port, a.port, "new", macs + [
            "arp.op == 2", f"arp.sha == {b.mac}", f"arp.spa == {b.address}",
            f"arp.tha == {a.mac}", f"arp.tpa == {a.address}"])
    return Frame(b.switch, b.port, a.port, "new", macs + [
        f"ip6.src == {b.address}", f"ip6.dst == {a.address}", "ip.ttl == 255",
        "icmp6.type == 136", "icmp6.code == 0", f"nd.target == {b.address}",
        f"nd.tll == {b.mac}"])


def echo(a, b, to, state, version):
    """'a' sends an echo to 'b', or, in state "reply", answers one."""
    icmp, types = (("icmp4", {"new": 8, "reply": 0}) if version == 4
                   else ("icmp6", {"new": 128, "reply": 129}))
    return Frame(a.switch, a.port, to, state, [
        f"eth.src == {a.mac}", f"eth.dst == {b.mac}",
        f"ip{version}.src == {a.address}", f"ip{version}.dst == {b.address}",
        "ip.ttl == 64", f"{icmp}.type == {types[state]}",
        f"{icmp}.code == 0"])


def host_of(network, version, address=None):
    return End(network.name, network.localnet, HOST_MAC,
               address or network.host[version])


def exchanges_of_vms(network):
    """(address, direction, frames) of the VMs on the network itself."""
    for vm in network.vms:
        for version in (4, 6):
            host = host_of(network, version)
            end = End(network.name, vm, network.mac(vm),
                      network.address(vm, version))
            for direction, a, b in [("inbound", host, end),
                                    ("outbound", end, host)]:
                yield end.address, direction, [
                    question(a, b, b.port, version), answer(a, b, version),
                    echo(a, b, b.port, "new", version),
                    echo(b, a, a.port, "reply", version)]


def inner_end(router, vm, version):
    """A tenant's VM, and what it takes for everybody else's MAC."""
    return End(router.switch, vm, router.vm_mac(vm),
               router.vm_address(vm, version))


def translated(frame, source):
    """The frame must leave with another source."""
    return frame._replace(
        marks=[rf"ct_snat\w*\(ip4.src={re.escape(source)}\)"])


def exchanges_of_floating_ips(network):
    router = network.router
    for vm, (address, mac) in router.fips.items():
        inner = inner_end(router, vm, 4)
        outer = End(None, None, mac, address)
        # Where the floating IP is nobody's, the VM still goes out by SNAT, as
        # real packets do.
        lost = (router.fault == "logical-ip"
                or router.fault == "dist-port" and mac != router.mac)
        source = (End(None, None, router.mac, router.own[4]) if lost
                  else outer)
        out, back = [], []
        for remote in (None, BEYOND[4]):
            host = host_of(network, 4, remote)
            gateway = host._replace(mac=router.inner_mac)
            out += [translated(echo(inner, gateway, host.port, "new", 4),
                               source.address),
                    echo(host, source, f"{router.gateway}-lsp" if lost else vm,
                         "reply", 4)]
            back = back or [echo(host, outer, vm, "new", 4),
                            echo(inner, gateway, host.port, "reply", 4)]
        host = host_of(network, 4)
        asked = question(host, outer, host.port, 4)
        yield address, "inbound", [asked] + back
        # Behind a floating IP that leads nowhere is nobody to begin anything.
        if router.fault != "logical-ip" or mac != router.mac:
            yield address, "outbound", out if lost else [asked] + out


def exchanges_of_gateways(network):
    """The router's own address; outbound, a VM without a floating IP.  An
    answer to SNAT is followed to the router: ovn-trace has no connections."""
    router = network.router
    for version in (4, 6):
        outer = End(None, None, router.mac, router.own[version])
        inner = inner_end(router, router.vms[2], version)
        host = host_of(network, version)
        # ovn-trace 23.03 dies of nd_na_router, with which a router answers ND
        # ("assertion ovnact->type == OVNACT_ND_NA failed").
        asked = ([question(host, outer, host.port, version)]
                 if version == 4 else [])
        yield outer.address, "inbound", asked + [
            echo(host, outer, host.port, "new", version)]
        out = asked[:]
        for remote in (None, BEYOND[version]):
            host = host_of(network, version, remote)
            sent = echo(inner, host._replace(mac=router.inner_mac),
                        host.port, "new", version)
            if version == 4:
                out += [translated(sent, outer.address),
                        echo(host, outer, f"{router.gateway}-lsp", "reply", 4)]
            else:
                out += [sent, echo(host, outer._replace(address=inner.address),
                                   inner.port, "reply", 6)]
        yield outer.address, "outbound", out


def exchanges_of(network):
    yield from exchanges_of_vms(network)
    if network.router:
        yield from exchanges_of_floating_ips(network)
        yield from exchanges_of_gateways(network)


def probes_of(network):
    """The probes of each exchange of a ping: the resolution by itself, and the
    echo, which comes after it."""
    for address, direction, frames in exchanges_of(network):
        parts = collections.defaultdict(list)
        for frame in frames:
            parts[frame.protocol()].append(frame)
        yield [Probe(address, direction, protocol, parts[protocol])
               for protocol in sorted(parts, key=lambda one:
                                      one not in RESOLUTION)]
