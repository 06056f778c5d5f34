#!/bin/sh
# Unpacks Debian's consul (1.8.7 of the suite bullseye; a Go program that needs only libc6) below .cache/consul. Nothing is
# installed, apt's own state is not touched, root is not needed; a run that finds it does nothing.
#
# Mirror and signing key are those of this machine's apt sources. Should the mirror have the suite no more, the places
# where the same host or its neighbours keep old suites are tried in turn.
set -eu
cd "$(dirname "$0")/.."

suite=bullseye
destination=$PWD/.cache/consul
program=$destination/usr/bin/consul

say() { printf 'setup: %s\n' "$*"; }

if [ -n "${WEFT_CONSUL:-}" ]; then
  "$WEFT_CONSUL" version >/dev/null || { say "WEFT_CONSUL=$WEFT_CONSUL is no program that runs" >&2; exit 1; }
  exit 0
fi
if [ -x "$program" ] && "$program" version >/dev/null 2>&1; then exit 0; fi

sources() { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null || true; }

# The first Debian archive that is used: deb822 ("URIs: ...") or one line ("deb [...] URI suite ...").
mirror=$(sources | sed -n -E 's/^(URIs:|deb( +\[[^]]*\])?)[[:space:]]+(https?:[^[:space:]]*\/debian)\/?([[:space:]].*)?$/\3/p' | head -n 1)
# Images of Debian name, in a comment, the snapshot they were made from.
snapshot=$(sources | sed -n -E 's/^#[[:space:]]*(deb +)?(https?:[^[:space:]]*\/archive\/debian\/[0-9TZ]+)\/?([[:space:]].*)?$/\2/p' | head -n 1)
[ -n "$mirror$snapshot" ] || {
  say "consul comes from Debian's suite $suite, and no Debian archive is among this machine's apt sources:" \
    "set WEFT_CONSUL to a Consul program of your own" >&2
  exit 1
}
archives="$mirror
$(printf '%s' "$mirror" | sed -E 's#//[^./]+\.#//archive.#')
$(printf '%s' "$mirror" | sed -E 's#/debian$#/debian-archive/debian#')
$snapshot"

keyring=
for each in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
  if [ -z "$keyring" ] && [ -r "$each" ]; then keyring="[signed-by=$each] "; fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 755 "$work"

# apt_private COMMAND...: apt-get with a state of its own.
apt_private() {
  apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::Check-Valid-Until=false \
    -o APT::Update::Error-Mode=any "$@"
}

# The names as they are tried, for the message of a failure.
tried=
for archive in $archives; do
  case " $tried " in *" $archive "*) continue ;; esac
  tried="$tried $archive"
  say "getting consul ($suite) from $archive"
  rm -rf "$work/lists" "$work/cache" "$work/deb"
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/deb"
  printf 'deb %s%s %s main\n' "$keyring" "$archive" "$suite" >"$work/sources.list"
  if apt_private update >"$work/log" 2>&1 &&
    (cd "$work/deb" && apt_private download consul) >>"$work/log" 2>&1 &&
    dpkg-deb -x "$work"/deb/consul_*.deb "$work/unpacked" >>"$work/log" 2>&1; then
    mkdir -p "$(dirname "$destination")"
    rm -rf "$destination"
    mv "$work/unpacked" "$destination"
    "$program" version >/dev/null || { say "$program does not run on this machine ($(uname -m))" >&2; exit 1; }
    exit 0
  fi
  tail -n 5 "$work/log" >&2
done
say "Debian's consul of the suite $suite could not be fetched; tried:$tried" \
  "(their last words are above). Or set WEFT_CONSUL to a Consul program of your own." >&2
exit 1
