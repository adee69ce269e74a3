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
for program in tern-storenode tern-frontend ternctl; do
	"$bin/$program" --help | grep -qi usage
done
rm -r "$dir"
