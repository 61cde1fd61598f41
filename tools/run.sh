#!/bin/sh
#
# Serves conf.example from build/run until Ctrl-C.
#
# Of conf.example only what stands between "# --- provider ---" and
# "# --- end of provider ---" is replaced, the port, and where logs go: errors
# to the terminal, requests to build/run/logs.  The provider is the first row of
# the vendor table whose key is in the environment, or that of AI_PROVIDER; with
# no key at all it is the bundled mock, on the port after the gateway's.

set -eu

cd "$(dirname "$0")/.."

port=${AI_PORT:-8080}
mock_port=$((port + 1))
run=$AI_BUILD/run
temp=
mock=
gateway=


die()
{
    echo "make run: $*" >&2
    exit 1
}


stop()
{
    trap - EXIT INT TERM

    for process in $gateway $mock; do
        kill "$process" 2>/dev/null || :
        wait "$process" 2>/dev/null || :
    done

    [ -z "$temp" ] || rm -rf "$temp"
    exit "${1:-0}"
}


# "name ENV" of the provider to serve, or nothing for the mock

provider()
{
    tools/vendors.pl --env | while read -r name env; do
        if [ -n "${AI_PROVIDER:-}" ]; then
            [ "$name" = "$AI_PROVIDER" ] || continue

        elif [ -z "$(printenv "$env")" ]; then
            continue
        fi

        echo "$name $env"
        break
    done
}


# curl's 7 is "could not connect"

must_be_free()
{
    code=0
    curl -s -o /dev/null "http://127.0.0.1:$1/" || code=$?
    [ $code = 7 ] || die "something else listens on port $1: give AI_PORT"
}


# wait_for NAME PROCESS URL

wait_for()
{
    for try in $(seq 100); do
        if curl -s -o "$temp/reply" "$3"; then
            return
        fi

        if ! kill -0 "$2" 2>/dev/null; then
            echo "make run: the $1 did not start" >&2
            tail -n 5 "$run/logs/$1.log" >&2 2>/dev/null || :
            stop 1
        fi

        sleep 0.1
    done

    echo "make run: no answer from $3" >&2
    stop 1
}


# What stands at the start of the file, and what replaces the provider.  The
# temporary files of bodies go where this user may write.

write_conf()
{
    {
        echo "daemon off;"
        echo "pid $temp/nginx.pid;"

        if [ -n "$env" ]; then
            echo "env $env;"
        fi
    } > "$temp/head"

    {
        for kind in client_body proxy fastcgi uwsgi scgi; do
            echo "    ${kind}_temp_path $temp/$kind;"
        done

        if [ -n "$env" ]; then
            echo "    ai_provider $name { key env:$env; }"

        else
            echo "    ai_provider mock {"
            echo "        type openai;"
            echo "        url http://127.0.0.1:$mock_port/v1;"
            echo "    }"
        fi
    } > "$temp/provider"

    awk -v port="$port" -v logs="$run/logs" \
        -v head="$temp/head" -v provider="$temp/provider" '
        function paste(file) {
            while ((getline line < file) > 0) print line
        }

        BEGIN { paste(head) }

        /# --- provider ---/ { print; paste(provider); inside = found = 1 }
        /# --- end of provider ---/ { inside = 0 }
        inside { next }
        /^ *listen / { sub(/8080/, port) }
        /^ *error_log / { sub(/[^ ]*error\.log/, "stderr") }
        /^ *access_log / { sub(/[^ ]*\/access\.log/, logs "/access.log") }
        { print }

        END { exit !found }
    ' conf.example > "$run/nginx.conf" \
        || die "conf.example has no \"# --- provider ---\""
}


[ -z "${AI_PROVIDER:-}" ] || [ -n "$(provider)" ] \
    || die "no vendor \"$AI_PROVIDER\" in the table (README.md lists them)"

chosen=$(provider)
name=${chosen% *}
env=${chosen#* }

if [ -n "${AI_PROVIDER:-}" ] && [ -z "$(printenv "$env")" ]; then
    die "$name needs its key in $env"
fi

must_be_free "$port"
[ -n "$env" ] || must_be_free "$mock_port"

trap 'stop $?' EXIT
trap 'stop 0' INT TERM

mkdir -p "$run/logs"
ln -sfn "$(dirname "$AI_MODULE")" "$run/modules"

# a worker that is not root goes through it to its own directories

temp=$(mktemp -d)
chmod 711 "$temp"

write_conf

if [ -z "$env" ]; then
    tools/apt.sh need run

    node t/mock/provider.js --listen "127.0.0.1:$mock_port" \
        > "$run/logs/mock.log" 2>&1 &
    mock=$!

    wait_for mock $mock "http://127.0.0.1:$mock_port/"
fi

"$AI_NGINX" -p "$run/" -c "$run/nginx.conf" -e stderr &
gateway=$!

wait_for gateway $gateway "http://127.0.0.1:$port/health"

if [ -z "$env" ]; then
    echo "The gateway listens on http://127.0.0.1:$port and serves a mock:"
    echo "no provider's key is in the environment (OPENAI_API_KEY, say)."
    model=gpt-4o-mini

else
    echo "The gateway listens on http://127.0.0.1:$port and serves $name."
    echo "Its models: curl http://127.0.0.1:$port/v1/models"
    model=MODEL
fi

cat << END

    curl http://127.0.0.1:$port/v1/chat/completions \\
         -H 'Content-Type: application/json' \\
         -d '{"model":"$model","messages":[{"role":"user","content":"Hello"}]}'

Its configuration is $run/nginx.conf, its log of
requests $run/logs/access.log.  Ctrl-C stops it.
END

wait $gateway || stop $?
