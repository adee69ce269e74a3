#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# quickstart check: exits 0, prints the table, leaves no process behind; two at once.
set -euo pipefail
root=${TERN_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=${TERN_BIN:-$root/build/release/bin}
out=$(mktemp -d "${TMPDIR:-/tmp}/quickstart.XXXXXX")
"$root/cluster-conf/quickstart" check --no-install --bin "$bin" >"$out/1" 2>&1 &
first=$!
"$root/cluster-conf/quickstart" check --no-install --bin "$bin" >"$out/2" 2>&1 &
second=$!
bad=0
wait $first || bad=1
wait $second || bad=1
if [ $bad = 1 ]; then cat "$out/1" "$out/2"; exit 1; fi
grep -q "read back by POP3" "$out/1"
grep -h "From the start of the script" "$out/1" "$out/2" | sed 's/^ */SHOW quickstart: /'
dirs=$(sed -n 's/.*certificates are in //p' "$out/1" "$out/2" | sort -u)
for dir in $dirs; do
	if pgrep -f "$dir/" >/dev/null; then
		echo "processes left behind:"
		pgrep -af "$dir/"
		exit 1
	fi
	[ ! -e "$dir" ] || { echo "$dir was left behind"; exit 1; }
done
[ "$(echo "$dirs" | wc -l)" = 2 ]
echo "COUNT faults=2"
rm -r "$out"
