#!/bin/sh
# Puts the shared libraries that nsjail needs (libnl-3, libnl-route-3) where the sandbox looks for
# them, without root: Debian's packages are downloaded and unpacked, not installed.
#
#   envs/nsjail_libraries.sh FOLDER     FOLDER is the sandbox's environment, e.g. .venvs/sandbox
#
# Does nothing where the system, or FOLDER, has them already.
set -eu

[ $# -eq 1 ] || { echo "usage: $0 FOLDER (the sandbox's environment)" >&2; exit 2; }
into=$1/lib/nsjail
have_both() { [ -e "$1/libnl-3.so.200" ] && [ -e "$1/libnl-route-3.so.200" ]; }

if have_both "$into" || have_both "$1/lib"; then
    exit 0
fi
known=$({ ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null || true)
case $known in
    *libnl-3.so.200*libnl-route-3.so.200* | *libnl-route-3.so.200*libnl-3.so.200*) exit 0 ;;
esac

fix="install them with your system's package manager (Debian, Ubuntu: libnl-3-200 and \
libnl-route-3-200; Fedora, RHEL: libnl3; conda: libnl) and run this again"
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    echo "sandbox error: nsjail needs libnl-3 and libnl-route-3, and there is no apt-get here" \
        "to fetch them with; $fix" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target=$(cd "$1" && pwd)/lib/nsjail
cd "$work"
# As root, apt would hand the download to a user who cannot write here.
download() {
    apt-get -q -o APT::Sandbox::User=root "$@" download libnl-3-200 libnl-route-3-200 \
        >"$work/log" 2>&1
}
# The system's package lists are empty in a fresh container: then lists of our own serve.
own="-o Dir::State=$work/state -o Dir::Cache=$work/cache -o APT::Sandbox::User=root"
# shellcheck disable=SC2086
if ! download; then
    mkdir -p state/lists/partial cache/archives/partial
    if ! { apt-get -q $own update >"$work/log" 2>&1 && download $own; }; then
        echo "sandbox error: nsjail needs libnl-3 and libnl-route-3, and apt-get could not download" \
            "them ($(tail -n 1 "$work/log")); $fix" >&2
        exit 1
    fi
fi
for package in ./*.deb; do
    dpkg -x "$package" unpacked
done
mkdir -p "$target"
find unpacked -name 'libnl*-3.so.200*' -exec cp -P {} "$target/" \;
if ! have_both "$target"; then
    echo "sandbox error: Debian's packages held no libnl-3.so.200; $fix" >&2
    exit 1
fi
