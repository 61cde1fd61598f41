#!/bin/sh
#
# Prints a new random virtual key and its entry for the ai_keys file.  The key
# is written nowhere: what is not noted now is lost.
#
#   make key ID=search-prod OWNER=search-team
#            [GROUP= PROJECT= TENANT= PLAN= ROLE= EXPIRES= ALLOW="a b"]

set -eu


die()
{
    echo "make key: $*" >&2
    exit 1
}


# "name": "value", for what needs no escape in JSON

member()
{
    case $2 in
    "")
        return ;;
    *[!A-Za-z0-9._:@/+*\ -]*)
        die "$1: only letters, digits, blanks and . _ : @ / + * - please" ;;
    esac

    printf ',\n  "%s": "%s"' "$1" "$2"
}


[ -n "${ID:-}" ] || die "usage: make key ID=search-prod OWNER=search-team"

if [ -n "${EXPIRES:-}" ]; then
    EXPIRES=$(date -u -d "$EXPIRES" +%Y-%m-%dT%H:%M:%SZ) \
        || die "EXPIRES: a date, please"
fi

key=sk-$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=\n')
digest=$(printf %s "$key" | openssl dgst -sha256 -r | cut -d ' ' -f 1)

entry=$(
    member id "$ID"
    member sha256 "$digest"
    member owner "${OWNER:-}"
    member group "${GROUP:-}"
    member project "${PROJECT:-}"
    member tenant "${TENANT:-}"
    member plan "${PLAN:-}"
    member role "${ROLE:-}"
    member expires "${EXPIRES:-}"

    if [ -n "${ALLOW:-}" ]; then
        set -f
        separator=' '
        printf ',\n  "allow": ['

        for model in $ALLOW; do
            printf '%s"%s"' "$separator" "$model"
            separator=', '
        done

        printf ' ]'
    fi
)

echo "key (shown once):  $key"
echo
echo "its entry:"
printf '{%s }\n' "${entry#,}"
