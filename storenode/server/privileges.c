/* SPDX-License-Identifier: Apache-2.0 */
/* privileges.c - before the first byte from the network. */
#include "server/privileges.h"
#include "base/base.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static int own(const char *path, const struct passwd *pw, struct why *why)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return why_set(why, ERR_CONFIG, "%s: cannot be made: %s", path, strerror(errno));
	if (lchown(path, pw->pw_uid, pw->pw_gid) < 0)
		return why_set(why, ERR_CONFIG, "%s: cannot be given to %s: %s", path, pw->pw_name,
			       strerror(errno));
	return 0;
}

static int become(const struct passwd *pw, struct why *why)
{
	if (setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return why_set(why, ERR_CONFIG, "cannot become user %s: %s", pw->pw_name,
			       strerror(errno));
	return 0;
}

int privileges_drop(const char *user, const char *data, const char *log_dir, struct why *why)
{
	struct rlimit none = { 0, 0 };
	const struct passwd *pw = NULL;
	int ret = 0;

	if (geteuid() == 0 && *user) {
		pw = getpwnam(user);
		if (!pw)
			return why_set(why, ERR_CONFIG,
				       "user %s does not exist: run cluster-conf/install run, or "
				       "set `user`",
				       user);
		ret = own(data, pw, why);
		if (ret == 0)
			ret = own(log_dir, pw, why);
		if (ret == 0)
			ret = become(pw, why);
	}
	if (ret == 0 &&
	    (setrlimit(RLIMIT_CORE, &none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0))
		ret = why_set(why, ERR_CONFIG, "cannot give up privileges: %s", strerror(errno));
	return ret;
}
