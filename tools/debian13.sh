#!/bin/sh
# Runs a command in a Debian 13 root (glibc 2.41), in a copy of this working tree: tools/debian13.sh COMMAND...
# The root is made once, in .cache/debian13; the copy's own .venv and uv's cache stay between calls.
set -eu
cd "$(dirname "$0")/.."
root=$PWD/.cache/debian13
copy=/visage/main

say() { echo "visage: $*" >&2; }
fail() { say "$@"; exit 1; }

# The mirror that this machine's apt uses.
mirror() {
    # shellcheck disable=SC1091
    . /etc/os-release
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -v release="${VERSION_CODENAME:-}" -v distribution="$ID" \
            'distribution == "debian" && $1 == release { print $2; exit }'
}

install_debootstrap() {
    say "installing debootstrap"
    { apt-get update --quiet && apt-get install --yes --quiet debootstrap; } >"$log" 2>&1 ||
        fail "debootstrap could not be installed ($log). Fix: apt-get install debootstrap"
}

make_root() {
    mirror=${DEBIAN_MIRROR:-$(mirror)}
    [ -n "$mirror" ] || fail "this machine's apt knows no Debian mirror. Fix: DEBIAN_MIRROR=<address> make test-current"
    command -v debootstrap >/dev/null || install_debootstrap
    say "making a Debian 13 root in .cache/debian13 (1 minute, once)"
    rm -rf "$root".making
    debootstrap --variant=minbase --include=git,make,g++,python3,python3-dev,python3-venv,ca-certificates \
        trixie "$root".making "$mirror" >"$log" 2>&1 || fail "debootstrap failed: $(tail -1 "$log") (all of it in $log)"
    mv -T "$root".making "$root"
}

# The machine's own name servers and certificates: Debian's bundle may lack the certificate of an index.
refresh_root() {
    cp -L /etc/resolv.conf "$root"/etc/resolv.conf
    [ ! -e /etc/ssl/certs/ca-certificates.crt ] ||
        cp -L /etc/ssl/certs/ca-certificates.crt "$root"/etc/ssl/certs/ca-certificates.crt
    mkdir -p "$root$copy"
    find "$root$copy" -mindepth 1 -maxdepth 1 ! -name .venv ! -name .cache -exec rm -rf {} +
    git ls-files -z --cached --others --exclude-standard | { xargs -0 ls -d 2>/dev/null || true; } |
        tar --create --files-from - | tar --extract --directory "$root$copy"
}

[ "$(id -u)" = 0 ] || fail "a Debian 13 root needs root. Fix: sudo make test-current"
mkdir -p .cache
log=$PWD/.cache/debian13.log
exec 9>.cache/debian13.lock
flock --nonblock 9 || { say "waiting for another run in .cache/debian13"; flock 9; }
[ -d "$root" ] || make_root
refresh_root

# In its own mount and process namespaces: mounts and processes end with the command, however it ends.
data=${VISAGE_TEST_DATA:-$PWD/../shared/data}
# shellcheck disable=SC2016
exec unshare --mount --pid --fork --kill-child -- sh -eu -c '
    root=$1 copy=$2 data=$3
    shift 3
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    if [ -d "$data" ]; then
        mkdir -p "$root/visage/shared/data"
        mount --bind "$data" "$root/visage/shared/data"
        mount -o remount,bind,ro "$root/visage/shared/data"
    fi
    exec chroot "$root" env --unset VISAGE_TEST_DATA --unset PIP_FIND_LINKS --chdir "$copy" HOME=/root TMPDIR=/tmp \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
' sh "$root" "$copy" "$data" "$@"
