#!/bin/sh
#
# Everything that is asked of apt, in one place.
#
#   tools/apt.sh need GROUP...          installs what a group needs and lacks
#   tools/apt.sh source PACKAGE DIR [SUITE]
#                                       unpacks Debian's source as DIR/PACKAGE
#   tools/apt.sh mirror                 prints the mirror this machine uses
#
# Groups: build, source-build (build against a given nginx source tree), run,
# test, lint, sdk, clang, deb, matrix.  A group whose parts are all here costs
# one look at dpkg's database: no list is fetched, nothing is printed.
#
# The mirror's address is asked from apt itself, so that none is written here.
# Lists and sources of other suites live in a folder of our own: nothing below
# /etc or /var/lib/apt/lists is touched by them.

set -eu

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

libraries="libyajl-dev libhiredis-dev libssl-dev"

scratch=


die()
{
    echo "tools/apt.sh: $*" >&2
    exit 1
}


as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"

    elif command -v sudo >/dev/null; then
        sudo DEBIAN_FRONTEND=noninteractive "$@"

    else
        die "not root and no sudo; as root run: $*"
    fi
}


# A word is a package, or "command:package" where any provider of the command
# will do (a node from elsewhere is as good as Debian's).

packages_of()
{
    case $1 in
    build)
        echo "build-essential nginx nginx-dev $libraries" \
             "curl:curl ca-certificates" ;;
    source-build)
        echo "build-essential libpcre2-dev zlib1g-dev $libraries" \
             "curl:curl ca-certificates" ;;
    run)
        echo "node:nodejs" ;;
    test)
        echo "node:nodejs perl libtest-nginx-perl libio-socket-ssl-perl" \
             "openssl:openssl" ;;
    lint)
        echo "perl git:git" ;;
    sdk)
        echo "npm:npm" ;;
    clang)
        echo "clang:clang llvm-symbolizer:llvm" ;;
    deb)
        echo "dpkg-dev debhelper fakeroot" ;;
    matrix)
        echo "debootstrap:debootstrap util-linux" ;;
    *)
        die "no group \"$1\"" ;;
    esac
}


is_installed()
{
    case $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) in
    "install ok installed") return 0 ;;
    esac

    return 1
}


missing_of()
{
    for word in $(packages_of "$1"); do
        case $word in
        *:*)
            command -v "${word%%:*}" >/dev/null || echo "${word#*:}" ;;
        *)
            is_installed "$word" || echo "$word" ;;
        esac
    done
}


# This machine's own Debian sources, one "URI release component" a line

debian_targets()
{
    apt-get indextargets --format '$(LABEL) $(REPO_URI) $(RELEASE) $(COMPONENT)' \
                         'Created-By: Packages' 2>/dev/null |
        sed -n 's/^Debian\(-Security\)\{0,1\} //p' |
        sort -u
}


mirror()
{
    uri=$(debian_targets | awk '$1 !~ /security/ { print $1; exit }')
    [ -n "$uri" ] || die "apt knows no Debian mirror (apt-get update?)"
    echo "$uri"
}


# apt-get with sources, lists and pins of its own below $1

private_apt()
{
    private=$1
    shift

    $elevate apt-get -q \
        -o Dir::Etc::sourcelist="$private/sources.list" \
        -o Dir::Etc::sourceparts="$private/sources.list.d" \
        -o Dir::Etc::preferencesparts="$private/preferences.d" \
        -o Dir::State::lists="$private/lists" \
        -o APT::Sandbox::User=root \
        -o Acquire::Languages=none \
        "$@"
}


private_dirs()
{
    mkdir -p "$1/sources.list.d" "$1/preferences.d" "$1/lists/partial"
    : > "$1/sources.list"
}


# libtest-nginx-perl is packaged in sid only.  It is architecture-independent
# and its dependencies are met by every suite since bookworm, so sid is looked
# at just once, pinned below everything else.

install_from_sid()
{
    uri=$(mirror)
    scratch=$(mktemp -d)
    trap 'as_root rm -rf "$scratch"' EXIT

    private_dirs "$scratch"

    cp -r /etc/apt/sources.list.d/. "$scratch/sources.list.d"
    cp -r /etc/apt/preferences.d/. "$scratch/preferences.d"

    if [ -f /etc/apt/sources.list ]; then
        cp /etc/apt/sources.list "$scratch/sources.list"
    fi

    echo "deb [check-valid-until=no signed-by=$keyring] $uri sid main" \
        >> "$scratch/sources.list"

    printf 'Package: *\nPin: release n=sid\nPin-Priority: 1\n' \
        > "$scratch/preferences.d/zz-sid"

    elevate=as_root
    private_apt "$scratch" update
    private_apt "$scratch" install -y --no-install-recommends "$@"
}


need()
{
    wanted=

    for group in "$@"; do
        wanted="$wanted $(missing_of "$group" | tr '\n' ' ')"
    done

    wanted=$(echo $wanted | tr ' ' '\n' | sort -u | tr '\n' ' ')
    wanted=${wanted% }

    if [ -z "$wanted" ]; then
        return
    fi

    echo "installing: $wanted"

    as_root apt-get -q update

    from_sid=
    here=

    for package in $wanted; do
        if [ -n "$(apt-cache madison "$package")" ]; then
            here="$here $package"

        else
            from_sid="$from_sid $package"
        fi
    done

    if [ -n "$here" ]; then
        as_root apt-get -q install -y --no-install-recommends $here
    fi

    if [ -n "$from_sid" ]; then
        install_from_sid $from_sid
    fi
}


# deb-src lines: those of this machine's own suites, security included, or the
# one of a given suite

source_lines()
{
    if [ -n "$1" ]; then
        echo "deb-src [check-valid-until=no signed-by=$keyring]" \
             "$(mirror) $1 main"
        return
    fi

    debian_targets |
        sed "s|^|deb-src [check-valid-until=no signed-by=$keyring] |"
}


unpack_source()
{
    package=$1
    dir=$2
    suite=${3:-}

    private_dirs "$dir/apt"
    source_lines "$suite" > "$dir/apt/sources.list"
    [ -s "$dir/apt/sources.list" ] || die "apt knows no mirror"

    elevate=

    if ! private_apt "$dir/apt" update >/dev/null; then
        [ -e "$dir/$package" ] || die "no index of sources"
        echo "no index of sources to be had: using the one unpacked before"
        return
    fi

    version=$(private_apt "$dir/apt" -qq --print-uris --only-source \
                  source "$package" |
              sed -n 's/^[^ ]* \([^ ]*\)\.dsc .*/\1/p')
    [ -n "$version" ] || die "no source of $package ${suite:-}"

    if [ -e "$dir/$version/$package" ]; then
        ln -sfn "$version/$package" "$dir/$package"
        return
    fi

    echo "fetching the source of $version"

    rm -rf "${dir:?}/$version"
    mkdir -p "$dir/$version"

    (
        cd "$dir/$version"
        private_apt "$dir/apt" -qq --download-only --only-source \
                    source "$package"
        dpkg-source --no-check -x ./*.dsc unpacking >/dev/null
        mv unpacking "$package"
    )

    ln -sfn "$version/$package" "$dir/$package"
}


[ $# -gt 0 ] || die "usage: need GROUP... | source PACKAGE DIR | mirror"

verb=$1
shift

case $verb in
need)   need "$@" ;;
source) unpack_source "$@" ;;
mirror) mirror ;;
*)      die "no verb \"$verb\"" ;;
esac
