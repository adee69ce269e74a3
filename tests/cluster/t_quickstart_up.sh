#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# quickstart up, as people use it: refuses a folder with something in it and ports that are taken,
# starts afresh after a first start that failed, keeps the mail over down and up, purges.
set -euo pipefail
root=${TERN_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=${TERN_BIN:-$root/build/release/bin}
work=$(mktemp -d "${TMPDIR:-/tmp}/quickstart.XXXXXX")
chmod 755 "$work"
dir=$work/cluster

quickstart() {
	local verb=$1
	shift
	"$root/cluster-conf/quickstart" "$verb" --no-install --bin "$bin" "$@"
}
fail() { echo "FAILED: $*"; exit 1; }
refused() { # sentence, then arguments: exits with 1 and says so
	local sentence=$1
	shift
	! quickstart "$@" >"$work/out" 2>&1 || fail "not refused: $*"
	grep -q "$sentence" "$work/out" || { cat "$work/out"; fail "another sentence: $*"; }
}
trap 'quickstart down --dir "$dir" >/dev/null 2>&1 || true' EXIT

mkdir "$work/home"
echo mine >"$work/home/file"
refused "something in it already" up --dir "$work/home"
[ "$(ls "$work/home")" = file ] || fail "a foreign folder was touched"
refused "no cluster there" status --dir "$work/home"
if [ "$(id -u)" = 0 ]; then
	mkdir -m 700 "$work/closed"
	refused "cannot get into" up --dir "$work/closed/cluster"
fi

# A first start that fails: nothing runs afterwards, and the next one begins anew.
mkdir "$work/half"
ln -s "$bin"/* "$work/half"
rm "$work/half/tern-frontend"
ln -s /bin/false "$work/half/tern-frontend"
refused "f1 ended at start" up --dir "$dir" --bin "$work/half"
refused " down " status --dir "$dir"
! pgrep -f "$dir/" || fail "the failed start left processes"

quickstart up --dir "$dir" >"$work/up"
grep -q "starting afresh" "$work/up"
grep -q "read back by POP3" "$work/up"
quickstart status --dir "$dir" | grep -q "nodes_up *3"
refused "runs there already" up --dir "$dir"
. "$dir/endpoints.env"
base=$((${SMTP#*:} - 30))
refused "in use by another program: port $base," up --dir "$work/second" --base-port "$base"
[ ! -e "$work/second" ] || fail "a refused start left its folder"
refused "no program ternctl in $work/home" up --dir "$work/second" --bin "$work/home"
messages() {
	curl -sS --cacert "$CA_FILE" "imaps://$IMAPS/" -u "$USER_1:$PASS_1" \
		-X 'STATUS INBOX (MESSAGES)'
}
before=$(messages)
quickstart down --dir "$dir"
! pgrep -f "$dir/" || fail "down left processes"
# The same cluster again; its proof adds one message.
quickstart up --dir "$dir" >"$work/again"
. "$dir/endpoints.env"
echo "before: $before after: $(messages)"
[ "$before" = "* STATUS INBOX (MESSAGES 2)"$'\r' ] || fail "two messages were sent"
[ "$(messages)" = "* STATUS INBOX (MESSAGES 3)"$'\r' ] || fail "not three messages"
quickstart down --purge --dir "$dir"
[ ! -e "$dir" ] || fail "--purge left the folder"
! pgrep -f "$dir/" || fail "down --purge left processes"
echo "COUNT faults=2"
rm -r "$work"
