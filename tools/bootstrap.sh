#!/bin/sh
# Installs what is missing on a Debian machine, and nothing else: a run that finds everything needs no network, no root.
#
#   tools/bootstrap.sh setup   the npm packages, pinned by package-lock.json
#   tools/bootstrap.sh lab     the same, and what `weft lab` calls
#   tools/bootstrap.sh test    the same, and what the tests and the bench call
set -eu
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$@" >&2; exit 1; }

set_name=${1:-}
case $set_name in
  setup | lab | test) ;;
  *) fail "usage: tools/bootstrap.sh setup|lab|test" ;;
esac

missing=
# need PACKAGE PROGRAM...: the package is missing when one of its programs (or files, by absolute path) is.
need() {
  package=$1
  shift
  for what in "$@"; do
    case $what in
      /*) [ -e "$what" ] && continue ;;
      *) command -v "$what" >/dev/null 2>&1 && continue ;;
    esac
    missing="$missing $package"
    return 0
  done
}

if [ "$set_name" != setup ]; then
  need iproute2 ip bridge
  need iputils-ping ping
  need procps ps sysctl
  need util-linux nsenter unshare
fi
if [ "$set_name" = test ]; then
  need nftables nft
  need tcpdump tcpdump
  need strace strace
  need iperf3 iperf3
  need gcc gcc
  need libc6-dev /usr/include/stdio.h
  need etcd-server etcd
  need etcd-client etcdctl
  need openssl openssl
fi

policy=/usr/sbin/policy-rc.d
saved=$policy.weft-saved

# Debian starts a service as soon as its package is there; an etcd on port 2379 that nobody asked for is none of our
# business. invoke-rc.d and deb-systemd-invoke ask policy-rc.d first: 101 means "do not".
forbid_services() {
  restore_services
  trap restore_services EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  if [ -e "$policy" ] || [ -h "$policy" ]; then mv "$policy" "$saved"; fi
  printf '#!/bin/sh\n# weft-bootstrap: no service is started while it installs packages\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

# Also after a run that was killed half-way.
restore_services() {
  if [ -f "$policy" ] && grep -q weft-bootstrap "$policy"; then rm -f "$policy"; fi
  if [ -e "$saved" ] || [ -h "$saved" ]; then mv "$saved" "$policy"; fi
}

install_apt() {
  command -v apt-get >/dev/null 2>&1 ||
    fail "these programs come from Debian packages, and this machine has no apt-get: install them by hand:$missing"
  [ "$(id -u)" = 0 ] || fail "missing Debian packages:$missing" \
    "installing them needs root: run this again as root, or: sudo apt-get install --no-install-recommends$missing"
  say "installing Debian packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  forbid_services
  apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any update >"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    say "apt-get update failed (its last lines are above); trying with the lists that are there"
  }
  # shellcheck disable=SC2086 # a list of package names
  apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 install --no-install-recommends $missing \
    >"$log" 2>&1 </dev/null || {
    tail -n 25 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install:$missing" "its last lines are above"
  }
  rm -f "$log"
  restore_services
  trap - EXIT INT TERM
  case " $missing " in
    *" etcd-server "*)
      # Installed for its program: the tests start their own. Without this it would come up at the next boot.
      if command -v systemctl >/dev/null 2>&1; then systemctl --quiet disable etcd.service >/dev/null 2>&1 || true; fi
      say "etcd is installed for the tests; its system service is neither started nor enabled"
      ;;
  esac
}

if [ -n "$missing" ]; then install_apt; fi
if [ "$set_name" = test ]; then tools/get-consul.sh; fi

# Removes node_modules and makes it anew from the lock file.
fetch_packages() {
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null ||
    fail "npm ci failed (its words are above)"
  # npm 9 (Debian 12) unpacks the package with the pinned Node and makes no link to it.
  for pinned in node_modules/node-linux-*/bin/node; do
    if [ ! -e node_modules/.bin/node ] && "$pinned" -v >/dev/null 2>&1; then
      ln -sf "../${pinned#node_modules/}" node_modules/.bin/node
    fi
  done
}

stamp=node_modules/.weft-lock
if [ ! -x node_modules/.bin/node ] || ! cmp -s package-lock.json "$stamp"; then
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 ||
    fail "Node (18 or later) and npm are needed to fetch the rest: https://nodejs.org/, or: apt-get install nodejs npm"
  major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$major" -ge 18 ] || fail "Node 18 or later is needed to fetch the rest; $(command -v node) is $(node -v)"
  say "installing the npm packages of package-lock.json, Node 24 among them"
  # npm leaves out the native parts of packages that ask for a newer Node than the one it runs on. Told before the first
  # fetch: afterwards `node` may be the pinned one.
  own=$(node -v)
  too_old=$(node -p 'const [a, b] = process.versions.node.split(".").map(Number); a < 20 || (a === 20 && b < 19)')
  fetch_packages
  if [ "$too_old" = true ]; then
    say "Node $own is older than what some of them ask for: fetching once more with the Node that came along"
    mkdir -p .cache/bootstrap
    ln -f "$(readlink -f node_modules/.bin/node)" .cache/bootstrap/node
    (
      PATH=$PWD/.cache/bootstrap:$PATH
      fetch_packages
    )
    rm -rf .cache/bootstrap
  fi
  [ -x node_modules/.bin/node ] ||
    fail "npm brought no Node for this machine ($(uname -sm)): Weft runs on Linux x86_64 and aarch64"
  cp package-lock.json "$stamp"
fi
say "$set_name: everything is here (Node $(node_modules/.bin/node -v))"
