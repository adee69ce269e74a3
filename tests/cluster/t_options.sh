#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 30
# cluster-conf/options.md is what the programs print; the examples to copy pass --check but for
# what only their machines have (keys).
set -euo pipefail
root=${TERN_ROOT:-$(cd "$(dirname "$0")/../.." && pwd)}
bin=${TERN_BIN:-$root/build/release/bin}
"$root/cluster-conf/options" "$bin" | diff -u "$root/cluster-conf/options.md" - ||
	{ echo "options.md is out of date: cluster-conf/options $bin > cluster-conf/options.md"; exit 1; }
# A typing mistake is one line with file, line, and what would be right.
dir=${TMPDIR:-/tmp}/conf.$$
mkdir -p "$dir"
printf 'name = "s1";\ndataa = "/tmp";\n' >"$dir/node.conf"
"$bin/tern-storenode" --check --config "$dir/node.conf" 2>"$dir/err" && exit 1
cat "$dir/err"
[ "$(wc -l <"$dir/err")" = 1 ]
grep -q "node.conf:2: .*dataa.*data" "$dir/err"
"$bin/tern-storenode" --check --config "$dir/missing.conf" 2>"$dir/err" && exit 1
grep -q "missing.conf" "$dir/err"
# What is no option is refused; ternctl says how to find a cluster.conf that is elsewhere.
status=0
"$bin/tern-storenode" nonsense 2>"$dir/err" || status=$?
[ $status = 64 ] && grep -q Usage "$dir/err"
"$bin/ternctl" --config "$dir/missing.conf" user list 2>"$dir/err" || status=$?
[ $status = 3 ] && grep -q "missing.conf: .*TERN_CONFIG" "$dir/err"
for program in tern-storenode tern-frontend ternctl; do
	"$bin/$program" --help | grep -qi usage
done
rm -r "$dir"
