#!/bin/bash
# A live session against a real ovsdb-server: unix:, tcp: and ssl: remotes, a
# cluster's list, a server that is stopped, and one that is gone.
#
# usage: session.sh [PROVNET]
# Exit status: 0 passed, 1 failed, 77 skipped.
set -u

provnet=${1:-build/provnet}
schema=/usr/share/ovn/ovn-nb.ovsschema
port=$((20000 + $$ % 10000))
tls_port=$((port + 10000))

skip() { echo "SKIP session: $*"; exit 77; }
[ -x "$provnet" ] || skip "no $provnet"
[ -r "$schema" ] || skip "no $schema (apt-get install ovn-central)"
for tool in ovsdb-server ovsdb-tool ovn-nbctl openssl; do
    command -v $tool >/dev/null || skip "no $tool"
done

dir=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then
        kill -CONT "$server"
        kill "$server"
        wait "$server"
    fi 2>/dev/null
    rm -rf "$dir"
}
trap finish EXIT

n_failed=0
fail() { echo "FAIL session: $*"; sed 's/^/    /' "$dir/out"; n_failed=1; }

# Checks REMOTE: must be read, so that 'from' (the member that answers) is
# among the sources.
reads() { # REMOTE FROM [OPTION...]
    timeout 20 "$provnet" check --format json --nb "$1" "${@:3}" \
        >"$dir/out" 2>&1
    local status=$?
    [ $status -ne 2 ] && [ $status -lt 124 ] || fail "$1: status $status"
    grep -qF "$2" "$dir/out" || fail "$1: $2 is no source"
}

# Checks REMOTE: must fail with status 2, in time, and say WORDS.
refuses() { # REMOTE WORDS [OPTION...]
    timeout 5 "$provnet" check --timeout 1 --nb "$1" "${@:3}" \
        >"$dir/out" 2>&1
    local status=$?
    [ $status -eq 2 ] || fail "$1: status $status, not 2"
    grep -qF "$2" "$dir/out" || fail "$1: does not say \"$2\""
}

# A CA called NAME, and a key and a certificate that it signed.
make_pki() { # NAME
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1 CA" \
        -keyout "$dir/$1-ca.key" -out "$dir/$1-ca.pem"
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" \
        -keyout "$dir/$1.key" -out "$dir/$1.csr"
    openssl x509 -req -days 2 -in "$dir/$1.csr" -CA "$dir/$1-ca.pem" \
        -CAkey "$dir/$1-ca.key" -CAcreateserial -out "$dir/$1.pem"
} 2>/dev/null

make_pki ours
make_pki foreign
ours="-p $dir/ours.key -c $dir/ours.pem"
foreign="-p $dir/foreign.key -c $dir/foreign.pem"

ovsdb-tool create "$dir/nb.db" "$schema"
ovsdb-server --remote="punix:$dir/nb.sock" \
             --remote="ptcp:$port:127.0.0.1" \
             --remote="pssl:$tls_port:127.0.0.1" \
             --private-key="$dir/ours.key" --certificate="$dir/ours.pem" \
             --ca-cert="$dir/ours-ca.pem" --unixctl="$dir/ctl" \
             --log-file="$dir/log" "$dir/nb.db" 2>/dev/null &
server=$!
for _ in $(seq 100); do
    [ -S "$dir/nb.sock" ] && break
    sleep 0.05
done

nbctl() { ovn-nbctl --db="unix:$dir/nb.sock" "$@"; }
nbctl ls-add public -- lsp-add public provnet-aaaa \
      -- lsp-set-type provnet-aaaa localnet \
      -- lsp-set-options provnet-aaaa network_name=phynet2
nbctl lsp-del provnet-aaaa

reads "unix:$dir/nb.sock" "unix:$dir/nb.sock"
reads "tcp:127.0.0.1:$port" "tcp:127.0.0.1:$port"
reads "tcp:localhost:$port" "tcp:localhost:$port"
reads "unix:$dir/none,unix:$dir/nb.sock" "unix:$dir/nb.sock"
# Unquoted on purpose: lists of words.
# shellcheck disable=SC2086
{
    reads "ssl:127.0.0.1:$tls_port" "ssl:127.0.0.1:$tls_port" $ours \
        -C "$dir/ours-ca.pem"
    refuses "ssl:127.0.0.1:$tls_port" "certificate does not verify" $ours \
        -C "$dir/foreign-ca.pem"
    refuses "ssl:127.0.0.1:$tls_port" "trust the certificate" $foreign \
        -C "$dir/ours-ca.pem"
    refuses "ssl:127.0.0.1:$port" "the server" $ours -C "$dir/ours-ca.pem"
    refuses "ssl:127.0.0.1:$tls_port" "cannot use the private key" \
        -p "$dir/foreign.key" -c "$dir/ours.pem" -C "$dir/ours-ca.pem"
    refuses "ssl:127.0.0.1:$tls_port" "No such file" $ours -C "$dir/none.pem"

    # OpenSSL that cannot be loaded, or whose own configuration forbids all.
    mkdir "$dir/junk"
    echo junk >"$dir/junk/libssl.so.3"
    LD_LIBRARY_PATH=$dir/junk refuses "ssl:127.0.0.1:$tls_port" \
        "needs OpenSSL, which cannot be loaded: $dir/junk" $ours \
        -C "$dir/ours-ca.pem"
    printf '%s\n' 'openssl_conf = a' '[a]' 'providers = b' '[b]' 'base = c' \
        '[c]' 'activate = 1' >"$dir/junk/openssl.cnf"
    OPENSSL_CONF=$dir/junk/openssl.cnf refuses "ssl:127.0.0.1:$tls_port" \
        "cannot set up TLS" $ours -C "$dir/ours-ca.pem"
}
refuses "ssl:127.0.0.1:$tls_port" "needs a key"
refuses "tcp:127.0.0.1:$tls_port" "127.0.0.1:$tls_port"
refuses "unix:$dir/none" "No such file"
refuses "tcp:127.0.0.1:1" "refused"
refuses "$dir/nb.sock" "did you mean unix:"

kill -STOP "$server"
refuses "unix:$dir/nb.sock" "timed out"
# Unquoted on purpose: a list of words.
# shellcheck disable=SC2086
refuses "ssl:127.0.0.1:$tls_port" "timed out" $ours -C "$dir/ours-ca.pem"
kill -CONT "$server"
reads "unix:$dir/nb.sock" "unix:$dir/nb.sock"

kill "$server"
wait "$server" 2>/dev/null
server=
refuses "tcp:127.0.0.1:$port" "refused"

[ $n_failed -eq 0 ] && echo "PASS session"
exit $n_failed
