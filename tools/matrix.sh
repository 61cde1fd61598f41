#!/bin/bash
#
# Runs "make test" on a Debian of each suite:  tools/matrix.sh SUITE...
#
# A suite is a debootstrap below build/matrix/SUITE, made once, with a copy of
# the tree in it; what the tests need is installed there by the same "make test"
# that everyone uses.  Where debootstrap cannot be had, nginx of that suite is
# built here from its source package and the tests run on it.
#
# TARGET in the environment is another target than "test" ("build", say).

set -eu

cd "$(dirname "$0")/.."

root=$PWD
matrix=$AI_BUILD/matrix
target=${TARGET:-test}
failures=0

mkdir -p "$matrix"


# A Debian, or the reason why not

bootstrap()
{
    local suite=$1 into=$matrix/$1

    if [ -e "$into/.complete" ]; then
        return
    fi

    if [ "$(id -u)" != 0 ]; then
        echo "debootstrap needs root"
        return 1
    fi

    rm -rf --one-file-system "$into"

    # what it mounts is gone with this mount namespace

    if ! unshare -m debootstrap --variant=minbase \
             --include=ca-certificates,make \
             "$suite" "$into" "$(tools/apt.sh mirror)" \
             > "$matrix/$suite.debootstrap.log" 2>&1
    then
        tail -n 1 "$matrix/$suite.debootstrap.log"
        return 1
    fi

    # a mirror may hold a Release file whose days are over

    printf '%s\n' 'Acquire::Check-Valid-Until "false";' \
                  'APT::Install-Recommends "false";' \
        > "$into/etc/apt/apt.conf.d/90matrix"

    # no daemon is started by installing it

    printf '#!/bin/sh\nexit 101\n' > "$into/usr/sbin/policy-rc.d"
    chmod +x "$into/usr/sbin/policy-rc.d"

    touch "$into/.complete"
}


# The tree as git sees it.  The copy's own build/ stays, and so do the files
# that did not change: only what changed is built again.  What did gets the time
# of now, for its own may lie before the last build here.

copy_tree()
{
    local into=$1 new=$1.new file

    rm -rf "$new"
    mkdir -p "$into" "$new"

    git ls-files -coz --exclude-standard |
        while IFS= read -rd '' file; do
            if [ -e "$file" ]; then
                printf '%s\0' "$file"
            fi
        done |
        tar -c --null -T - | tar -xm -C "$new"

    find "$into" \( -path "$into/build" -o -name node_modules \) -prune \
         -o -type f -print |
        while read -r file; do
            [ -e "$new/${file#"$into"/}" ] || rm "$file"
        done

    find "$new" -type f |
        while read -r file; do
            file=${file#"$new"/}

            if ! cmp -s "$new/$file" "$into/$file"; then
                mkdir -p "$(dirname "$into/$file")"
                cp -p "$new/$file" "$into/$file"
            fi
        done

    rm -rf "$new"
    copy_packages t/sdk/node_modules "$into/t/sdk/node_modules"
}


# Those of the SDK tests are plain JavaScript: the same everywhere

copy_packages()
{
    local lock=.package-lock.json

    [ -f "$1/$lock" ] || return 0

    if ! cmp -s "$1/$lock" "$2/$lock"; then
        rm -rf "$2"
        cp -a "$1" "$2"
    fi

    touch "$2/$lock"
}


in_debian()
{
    local suite=$1 into=$matrix/$1 shared

    copy_tree "$into/src/main"

    shared=$(cd .. && pwd)/shared

    INTO=$into SHARED=$shared TARGET=$target unshare -m bash -c '
        set -eu
        mount -t proc proc "$INTO/proc"
        mount --rbind /dev "$INTO/dev"

        if [ -d "$SHARED" ]; then
            mkdir -p "$INTO/src/shared"
            mount -o bind,ro "$SHARED" "$INTO/src/shared"
        fi

        cp /etc/resolv.conf /etc/hosts "$INTO/etc/"

        exec chroot "$INTO" /usr/bin/env -i HOME=/tmp TERM=dumb LC_ALL=C.UTF-8 \
            PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            make --no-print-directory -C /src/main "$TARGET"
    '
}


on_source_package()
{
    local suite=$1 build=$matrix/$1.source step

    tools/apt.sh need source-build test
    tools/apt.sh source nginx "$build/src" "$suite"

    for step in binary "$target"; do
        make --no-print-directory BUILD="$build" \
             NGINX_SRC="$build/src/nginx" AI_NGINX="$build/nginx/nginx" $step
    done
}


run()
{
    local suite=$1 reason

    if reason=$(bootstrap "$suite"); then
        in_debian "$suite"

    else
        echo "$suite cannot be debootstrapped: $reason"
        echo "its nginx is built here, from its source package"
        on_source_package "$suite"
    fi
}


version_of()
{
    local nginx

    for nginx in "$matrix/$1/usr/sbin/nginx" "$matrix/$1.source/nginx/nginx"; do
        if [ -x "$nginx" ]; then
            grep -aom1 'nginx/[0-9][0-9.]*' "$nginx"
            return
        fi
    done
}


for suite in "$@"; do
    log=$matrix/$suite.log
    started=$SECONDS
    verdict=ok

    # not in a condition: bash would then not stop at the first error in it
    set +e
    (set -e; run "$suite") > "$log" 2>&1
    status=$?
    set -e

    if [ $status != 0 ]; then
        verdict="not ok"
        failures=$((failures + 1))
    fi

    echo "$verdict - $suite, $(version_of "$suite"): $(tail -n 1 "$log")" \
         "($((SECONDS - started)) s, $log)"

    if [ "$verdict" != ok ]; then
        grep -E '^not ok|^E: |: (fatal )?error:|^make.*Error|cannot be' "$log" | head -n 20 | sed 's/^/    /'
    fi
done

[ $failures = 0 ]
