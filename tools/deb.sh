#!/bin/sh
#
# Builds a Debian package, for the nginx of this machine, below build/deb.  The
# version is the first one in CHANGES; tools/debian becomes its debian/.

set -eu

cd "$(dirname "$0")/.."

name=libnginx-mod-http-ai-gateway
deb=$AI_BUILD/deb

version=$(sed -n 's/^[^0-9]*\([0-9]\{1,\}\.[0-9]\{1,\}\.[0-9]\{1,\}\).*/\1/p' \
              CHANGES | head -n 1)

if [ -z "$version" ]; then
    echo "make deb: CHANGES names no version" >&2
    exit 1
fi

rm -rf "$deb"
mkdir -p "$deb/$name"

cp -r config ngx_http_ai_gateway_module.c src README.md CHANGES LICENSE \
      conf.example "$deb/$name/"
cp -r tools/debian "$deb/$name/"

cd "$deb/$name"

cat > debian/changelog << END
$name ($version) unstable; urgency=medium

  * What is new is in /usr/share/doc/$name/changelog.gz.

 -- The ngx_http_ai_gateway_module authors <root@localhost>  $(date -R)
END

if ! dpkg-buildpackage -b -us -uc > ../build.log 2>&1; then
    tail -n 30 ../build.log >&2
    exit 1
fi

ls "$deb/$name"_*.deb
