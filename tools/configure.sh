#!/bin/bash
#
# Runs nginx's configure for this module.
#
#   tools/configure.sh OUT [NGINX_SRC]
#
# OUT gets nginx's Makefile and headers; the tree it is run from stays clean.
# Without NGINX_SRC the headers of Debian's nginx-dev are used, with the flags
# that package says matter to binary compatibility.  With NGINX_SRC, a source
# tree, the arguments are those of the nginx the module is meant for:
# NGINX_SRC/objs/nginx if it was built, else $AI_NGINX, when its version is that of
# the tree; else a plain set, good for any nginx built --with-compat.
#
# CC, CC_OPT and LD_OPT in the environment come last and so win.

set -eu

root=$(cd "$(dirname "$0")/.." && pwd)

out=$1
tree=${2:-}

packaged=/usr/share/nginx/src

plain=(
    --with-compat --with-debug --with-threads --with-pcre-jit
    --with-http_ssl_module --with-http_v2_module --with-http_realip_module
    --with-http_auth_request_module --with-http_stub_status_module
    --with-http_addition_module --with-http_sub_module
)


die()
{
    echo "tools/configure.sh: $*" >&2
    exit 1
}


version_of_tree()
{
    sed -n 's/^#define NGINX_VERSION *"\(.*\)"/\1/p' "$1/src/core/nginx.h"
}


version_of_binary()
{
    "$1" -v 2>&1 | sed -n 's,^nginx version: [^/]*/\([0-9.]*\).*,\1,p'
}


# The nginx whose "nginx -V" holds the arguments for a tree, or nothing

binary_for_tree()
{
    local binary

    for binary in "$1/objs/nginx" "${AI_NGINX:-nginx}"; do
        if command -v "$binary" >/dev/null \
           && [ "$(version_of_binary "$binary")" = "$(version_of_tree "$1")" ]
        then
            echo "$binary"
            return
        fi
    done
}


# A binary built --with-compat does not care which modules it was built with:
# the dynamic ones are left out, for their libraries may not be here.  Any other
# binary must be matched to the letter.

arguments_of_binary()
{
    local line arg compat=no

    line=$("$1" -V 2>&1 | sed -n 's/^configure arguments: //p')
    eval "set -- $line"

    for arg in "$@"; do
        [ "$arg" = --with-compat ] && compat=yes
    done

    flags=()

    for arg in "$@"; do
        case $compat$arg in
        *--builddir=*) ;;
        yes--*=dynamic | yes--add-module=* | yes--add-dynamic-module=*) ;;
        *) flags+=("$arg") ;;
        esac
    done
}


if [ -z "$tree" ]; then
    tree=$packaged

    [ -f "$tree/conf_flags" ] || die "no nginx-dev here: run \"make deps\"," \
                                     "or give NGINX_SRC=/a/source/tree"

    # the file is Debian's and not written for "set -u"
    set +u
    cd "$tree"
    . ./conf_flags
    set -u

    flags=("${NGX_CONF_FLAGS[@]}" --with-cc-opt="-g -O2 -fPIC"
           --with-ld-opt="-fPIC")

else
    [ -f "$tree/src/core/nginx.h" ] || die "no nginx source in $tree"

    binary=$(binary_for_tree "$tree")

    if [ -n "$binary" ]; then
        arguments_of_binary "$binary"

    else
        flags=("${plain[@]}")
    fi
fi

flags+=(--with-cc="${CC:-cc}")

if [ -n "${CC_OPT:-}" ]; then
    flags+=(--with-cc-opt="$CC_OPT")
fi

if [ -n "${LD_OPT:-}" ]; then
    flags+=(--with-ld-opt="$LD_OPT")
fi

mkdir -p "$out"

# what is interrupted must not look finished
rm -f "$out/Makefile"

# a header that comes out as it was keeps its time: what includes it, all of
# nginx with "make asan", is then not built again
rm -rf "$out/before"
mkdir "$out/before"
cp -p "$out"/*.h "$out/before/" 2>/dev/null || :

# a released tree has "configure", one from version control "auto/configure"

cd "$tree"
configure=./configure
[ -x $configure ] || configure=./auto/configure

# the talk is kept out of the terminal, and shown when it fails

if ! $configure "${flags[@]}" --add-dynamic-module="$root" --builddir="$out" \
     > "$out/configure.log" 2>&1
then
    grep -ai error "$out/configure.log" >&2 || tail -n 20 "$out/configure.log" >&2
    die "see $out/configure.log"
fi

for header in "$out"/before/*.h; do
    if cmp -s "$header" "$out/${header##*/}"; then
        cp -p "$header" "$out/"
    fi
done

echo "configured for nginx $(version_of_tree "$tree")"
