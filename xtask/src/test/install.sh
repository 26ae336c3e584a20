# Installs Debian's packages of servers, none of which runs afterwards: tests use servers of their own.
set -eu
export DEBIAN_FRONTEND=noninteractive

policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf
log=$(mktemp)
undo="rm -f $log"
trap 'eval "$undo"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

# What it says matters where it fails, and is too much otherwise.
quietly() {
    "$@" > "$log" 2>&1 || {
        status=$?
        cat "$log" >&2
        exit "$status"
    }
}

install_packages() {
    # Another apt-get may be at work: machines that have just been started update themselves.
    quietly apt-get install -q --yes --no-install-recommends -o DPkg::Lock::Timeout=120 "$@"
}

# No package starts its service.
if [ ! -e "$policy" ]; then
    undo="$undo; rm -f $policy"
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi

quietly apt-get update -q

# PostgreSQL makes no database cluster for everybody.
case " $* " in
*' postgresql '*)
    install_packages postgresql-common
    cp -p "$clusters" "$clusters.before-tests"
    undo="$undo; mv $clusters.before-tests $clusters"
    echo 'create_main_cluster = false' >> "$clusters"
    ;;
esac

install_packages "$@"

# Neither does any start with the machine. A package that brings no service has none to be disabled.
if command -v systemctl > /dev/null; then
    for package; do
        systemctl disable --quiet "$package" 2> /dev/null || true
    done
fi
