#!/bin/sh
# Tests a shell script of your own against the reference implementation: sh, curl and sed are all it takes.
# The "script of your own" is the function check_key; everything else is the test.
set -eu

# How to start the command. From an install: node_modules/.bin/blazemeter-reference
reference=${BLAZEMETER_REFERENCE:-npx --package=blazemeter-client blazemeter-reference}

work=$(mktemp -d)
pid=
finish() {
  if [ -n "$pid" ]; then kill "$pid" && wait "$pid" || true; fi
  rm -rf "$work"
}
trap finish EXIT

# --- a script of your own ---------------------------------------------------------------------------------------------

# Says whether a BlazeMeter API key works: check_key <base URL> <id> <secret>
# The pair goes through a file that only this user can read: arguments of a program can be seen by everybody.
check_key() {
  (umask 077 && printf 'user = "%s:%s"\n' "$2" "$3" >"$work/curl.conf")
  status=$(curl --silent --config "$work/curl.conf" --output /dev/null --write-out '%{http_code}' "$1/user") || status=none
  rm -f "$work/curl.conf"
  case $status in
    200) echo 'works' ;;
    401) echo 'refused' ;;
    *) echo "cannot tell ($status)" ;;
  esac
}

# --- its test ---------------------------------------------------------------------------------------------------------

expect() {
  if [ "$2" != "$3" ]; then
    echo "FAILED: $1: expected \"$2\", got \"$3\"" >&2
    exit 1
  fi
  echo "ok: $1: $3"
}

# One line of JSON comes when it listens.
# shellcheck disable=SC2086 # the command may have several words
$reference --port 0 --json --print-credentials >"$work/started" &
pid=$!
tries=0
until [ -s "$work/started" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 600 ] || ! kill -0 "$pid" 2>"$work/gone"; then
    echo 'FAILED: the reference did not start' >&2
    exit 1
  fi
  sleep 0.1
done

field() { sed -n "s/.*$1.*/\\1/p" "$work/started"; }
url=$(field '"url":"\([^"]*\)"')
control=$(field '"control":"\([^"]*\)"')
id=$(field '"owner":{"id":"\([0-9a-f]*\)"')
secret=$(field '"owner":{"id":"[0-9a-f]*","secret":"\([0-9a-f]*\)"')

# Drives the reference: POST or DELETE, and what JSON there is to send.
drive() {
  curl --silent --fail --output "$work/answer" --request "$1" --header 'Content-Type: application/json' \
    --data "${3-}" "$control$2"
}

expect 'a good key' 'works' "$(check_key "$url" "$id" "$secret")"
expect 'a wrong secret' 'refused' "$(check_key "$url" "$id" "${secret}0")"

drive POST faults '{ "operation": "user.get", "effect": "status", "status": 503 }'
expect 'a service that is down' 'cannot tell (503)' "$(check_key "$url" "$id" "$secret")"
drive DELETE faults

drive POST faults '{ "effect": "reset", "times": 1 }'
expect 'a broken connection' 'cannot tell (none)' "$(check_key "$url" "$id" "$secret")"

drive POST clock/advance '{ "days": 366 }'
expect 'a key that has run out' 'refused' "$(check_key "$url" "$id" "$secret")"

drive POST state/reset
expect 'the start again' 'works' "$(check_key "$url" "$id" "$secret")"

curl --silent --fail "${control}journal?operation=user.get" >"$work/journal"
expect 'requests since then' '1' "$(sed -n 's/^ *"count": \([0-9]*\).*/\1/p' "$work/journal")"
echo 'all is well'
