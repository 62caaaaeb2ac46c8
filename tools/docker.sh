#!/bin/sh
# Runs a command with a Docker daemon: tools/docker.sh COMMAND... The daemon that answers, else one from Debian's docker.io,
# for as long as such commands run. Its images stay in ~/.cache/visage/docker; containers have no network, or the host's.
# There, debian:trixie-slim is made by debootstrap from the mirror of this machine's apt, so no registry is needed.
set -eu
project=$(cd "$(dirname "$0")/.." && pwd)

say() { echo "visage: $*" >&2; }
fail() { say "$@"; exit 1; }
# The error of `docker info` is one line; its exit code is 0 without a daemon.
answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

install() {
    command -v apt-get >/dev/null || fail "no $1 on this machine. Fix: install a Docker engine"
    say "installing $1"
    { apt-get install --yes --quiet --no-install-recommends "$1" ||
        { apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends "$1"; }; } >"$log" 2>&1 ||
        fail "$1 could not be installed ($log). Fix: apt-get install $1"
}

# After a crash of the machine, the number in the file may be that of any process.
daemon_runs() { [ -e "$folder/pid" ] && [ "$(cat "/proc/$(cat "$folder/pid")/comm" 2>/dev/null)" = dockerd ]; }

start_daemon() {
    daemon_runs || rm -f "$folder/pid"
    dockerd --host "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
        --bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
        --storage-driver overlay2 --exec-opt native.cgroupdriver=cgroupfs </dev/null >"$log" 2>&1 6>&- 8>&- 9>&- &
    for _ in $(seq 300); do
        if answers; then return; fi
        kill -0 $! 2>/dev/null || break
        sleep 0.1
    done
    fail "dockerd did not start: $(tail -1 "$log") (all of it in $log)"
}

# The last user ends the daemon.
leave() {
    status=$?
    exec 9>&-
    exec 7>"$folder/users.lock"
    if flock --exclusive --nonblock 7 && daemon_runs; then
        daemon=$(cat "$folder/pid")
        kill "$daemon" 2>/dev/null || true
        while kill -0 "$daemon" 2>/dev/null; do sleep 0.1; done
    fi
    exit $status
}

# The mirror that this machine's apt uses.
mirror() {
    # shellcheck disable=SC1091
    . /etc/os-release
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -v release="${VERSION_CODENAME:-}" -v distribution="$ID" \
            'distribution == "debian" && $1 == release { print $2; exit }'
}

# What is particular to this machine is in the base image: name servers, and the certificates that its indexes need.
make_base_image() {
    mirror=${DEBIAN_MIRROR:-$(mirror)}
    [ -n "$mirror" ] || fail "this machine's apt knows no Debian mirror. Fix: DEBIAN_MIRROR=<address>"
    command -v debootstrap >/dev/null || install debootstrap
    say "making the base image debian:trixie-slim by debootstrap (1 minute, once)"
    root=$folder/trixie
    rm -rf "$root"
    debootstrap --variant=minbase trixie "$root" "$mirror" >"$log" 2>&1 ||
        fail "debootstrap failed: $(tail -1 "$log") (all of it in $log)"
    certificates=/etc/ssl/certs/ca-certificates.crt
    set --
    if [ -e $certificates ]; then
        # Beside Debian's own bundle, which its package replaces.
        cp -L $certificates "$root/etc/host-certificates.crt"
        set -- --change "ENV SSL_CERT_FILE=/etc/host-certificates.crt PIP_CERT=/etc/host-certificates.crt"
    fi
    rm -f "$root"/var/cache/apt/archives/*.deb
    tar --create --directory "$root" . | docker import "$@" - debian:trixie-slim >/dev/null
    rm -rf "$root"
}

[ $# -gt 0 ] || fail "a command is missing. Fix: tools/docker.sh COMMAND..."
if command -v docker >/dev/null && answers; then exec "$@"; fi
[ "$(id -u)" = 0 ] || fail "no Docker daemon answers, and only root can start one. Fix: start Docker, or use sudo"
folder=${XDG_CACHE_HOME:-$HOME/.cache}/visage/docker
mkdir -p "$folder/bin"
log=$folder/log
# Held by every user of the daemon.
exec 9>"$folder/users.lock"
flock --shared 9
exec 8>"$folder/start.lock"
flock 8
command -v dockerd >/dev/null || install docker.io
# The client of another engine may lack what this one builds with.
ln -sfn /usr/bin/docker "$folder/bin/docker"
export DOCKER_HOST="unix://$folder/docker.sock" PATH="$folder/bin:$PATH" DOCKER_BUILDKIT=1 BUILD_OPTIONS="--network host"
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
answers || start_daemon
docker image inspect debian:trixie-slim >/dev/null 2>&1 || make_base_image
exec 8>&-
"$@" 9>&-
