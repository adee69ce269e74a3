#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Which apt source cluster-conf/install would add for backports, on made-up machines.
# A machine is a folder with apt's settings and, for the archives it has fetched, what
# their Release files say.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

machine() { # NAME: starts a new one
	name=$1
	root=$work/$name
	mkdir -p "$root"/etc/apt/{sources.list.d,apt.conf.d,preferences.d} \
		"$root"/var/lib/{dpkg,apt/lists/partial} "$root"/var/cache/apt/archives/partial
	: >"$root/var/lib/dpkg/status"
}

# ORIGIN LABEL CODENAME, for the archives whose URI and suite hold the text $4: as fetched.
fetched() {
	apt-get -o Dir="$root" indextargets --no-release-info --format '$(BASE_URI) $(FILENAME)' \
		'Created-By: Packages' 'Component: main' |
		grep -F -- "$4" | while read -r _ file; do
			: >"$file"
			printf '%s\n' "Origin: $1" "Label: $2" "Suite: some" "Codename: $3" \
				"Components: main" "Architectures: amd64" \
				"Date: Sat, 10 Feb 2024 10:00:00 UTC" "SHA256:" \
				>"${file%_main_binary-*}_Release"
		done
}

expect() { # standard input: what install prints, comments left out
	local got want
	want=$(cat)
	got=$(./cluster-conf/install --print-backports --apt-root "$root" 2>&1 | grep -v '^#' || true)
	if [ "$got" = "$want" ]; then
		echo "ok: $name"
	else
		failed=1
		printf 'FAILED: %s\n' "$name"
		diff <(echo "$want") <(echo "$got") || true
	fi
}

machine one_line_keeps_options_and_path
cat >"$root/etc/apt/sources.list" <<'END'
# the main archive
deb http://mirror.example/pub/debian-security bookworm-security main
deb-src http://mirror.example/pub/debian bookworm main
deb [ arch=amd64 signed-by=/usr/share/keyrings/a.gpg ] http://mirror.example/pub/debian/ bookworm main contrib # ours
END
fetched Debian Debian-Security bookworm-security debian-security
fetched Debian Debian bookworm debian/dists/bookworm/
expect <<'END'
tern-backports.list
deb [ arch=amd64 signed-by=/usr/share/keyrings/a.gpg ] http://mirror.example/pub/debian/ bookworm-backports main
END

machine deb822_keeps_the_key_and_leaves_security_alone
cat >"$root/etc/apt/sources.list.d/debian.sources" <<'END'
Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

# the main archive
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm-updates
 bookworm
Components: main
 contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abcdef
 -----END PGP PUBLIC KEY BLOCK-----
Check-Valid-Until: no
END
fetched Debian Debian-Security bookworm-security debian-security
fetched Debian Debian bookworm-updates dists/bookworm-updates/
fetched Debian Debian bookworm debian/dists/bookworm/
expect <<'END'
tern-backports.sources
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abcdef
 -----END PGP PUBLIC KEY BLOCK-----
Check-Valid-Until: no
END

machine look_alikes_are_not_debian
cat >"$root/etc/apt/sources.list.d/a-vendor.list" <<'END'
deb https://vendor.example/product/debian bookworm main
END
cat >"$root/etc/apt/sources.list.d/z-debian.list" <<'END'
deb https://proxy.example/remote/bookworm-main bookworm main
END
fetched Vendor Vendor bookworm vendor.example
fetched Debian Debian bookworm proxy.example
expect <<'END'
tern-backports.list
deb https://proxy.example/remote/bookworm-main bookworm-backports main
END

machine a_suite_by_its_other_name
cat >"$root/etc/apt/sources.list" <<'END'
deb http://mirror.example/debian oldstable main
END
fetched Debian Debian bookworm oldstable
expect <<'END'
tern-backports.list
deb http://mirror.example/debian bookworm-backports main
END

machine a_list_of_mirrors
cat >"$root/etc/apt/sources.list.d/debian.sources" <<'END'
Types: deb
URIs: mirror+file:/etc/apt/mirrors/debian.list
Suites: bookworm bookworm-updates
Components: main
END
fetched Debian Debian bookworm dists/bookworm/
expect <<'END'
tern-backports.sources
Types: deb
URIs: mirror+file:/etc/apt/mirrors/debian.list
Suites: bookworm-backports
Components: main
END

machine backports_are_there_already
cat >"$root/etc/apt/sources.list" <<'END'
deb http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-backports main
END
fetched Debian Debian bookworm dists/bookworm/
fetched "Debian Backports" "Debian Backports" bookworm-backports dists/bookworm-backports/
expect <<'END'
install: bookworm-backports is among apt's sources already
END

machine backports_that_are_switched_off_do_not_count
cat >"$root/etc/apt/sources.list" <<'END'
deb http://mirror.example/debian bookworm main
# deb http://mirror.example/debian bookworm-backports main
END
cat >"$root/etc/apt/sources.list.d/backports.sources" <<'END'
Enabled: no
Types: deb
URIs: http://other.example/debian
Suites: bookworm-backports
Components: main
END
fetched Debian Debian bookworm dists/bookworm/
expect <<'END'
tern-backports.list
deb http://mirror.example/debian bookworm-backports main
END

machine nothing_fetched
cat >"$root/etc/apt/sources.list" <<'END'
deb http://mirror.example/debian bookworm main
END
expect <<'END'
install: apt has no index of Debian bookworm: check /etc/apt/sources.list (and sources.list.d), run apt-get update, and try again
END

exit $failed
