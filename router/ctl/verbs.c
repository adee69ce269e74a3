/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.c - everything ternctl can do, one row each: the help is printed from it. */
#include "router/ctl/ctl.h"

static const struct option_def keygen_options[] = {
	{ "out", "FILE", "where the secret key goes (mode 0400); an existing file is not touched" },
	{ "public", "FILE", "print the public key of an existing secret key" },
	{ NULL },
};

static const struct option_def yes_options[] = {
	{ "yes", NULL, "do not ask" },
	{ NULL },
};

static const struct option_def status_options[] = {
	{ "check", NULL, "exit status 1 unless all nodes are up and all shards have a leader" },
	{ NULL },
};

static const struct option_def bootstrap_options[] = {
	{ "wait", "TIME", "how long the shards may take to elect their leaders (60s)" },
	{ "resume", NULL, "go on with a bootstrap that was broken off" },
	{ NULL },
};

static const struct option_def domain_options[] = {
	{ "postmaster", "ADDRESS", "who gets mail to postmaster@ (default: the first user)" },
	{ "catch-all", "ADDRESS", "who gets mail to unknown users (default: it is refused)" },
	{ "alias-of", "DOMAIN", "every address here is the same address there" },
	{ NULL },
};

static const struct option_def user_add_options[] = {
	{ "password-file", "FILE", "password on its first line; - is standard input" },
	{ "hash", "METHOD",
	  "yescrypt (default), gost-yescrypt, bcrypt, sha512-crypt, sha256-crypt" },
	{ "cost", "N", "work factor of the hash (default: the method's own)" },
	{ "quota", "SIZE", "bytes of mail, such as 2G; none (default)" },
	{ "quota-messages", "N", "number of messages; none (default)" },
	{ NULL },
};

static const struct option_def passwd_options[] = {
	{ "password-file", "FILE", "password on its first line; - is standard input" },
	{ "hash", "METHOD",
	  "yescrypt (default), gost-yescrypt, bcrypt, sha512-crypt, sha256-crypt" },
	{ "cost", "N", "work factor of the hash (default: the method's own)" },
	{ NULL },
};

static const struct option_def quota_options[] = {
	{ "messages", "N", "number of messages; none (default)" },
	{ NULL },
};

#define PASSWORDS                                                                                    \
	"A password is read from the terminal, from standard input or from --password-file, never\n" \
	"from the command line. It is stored as a crypt(5) hash."

const struct verb verbs[] = {
	{ "keygen", NULL, "", 0, 0, true, "make a key pair for a node, a front end or an operator",
	  "Prints the public key, which belongs in cluster.conf. Without --out the secret key is\n"
	  "printed too.",
	  "ternctl keygen --out /etc/tern/node.key\nternctl keygen --public /etc/tern/node.key",
	  keygen_options, run_keygen },
	{ "check-config", NULL, "FILE...", 1, ARGS_MAX, true, "check cluster.conf files",
	  "The daemons check their own files: tern-storenode --check, tern-frontend --check.",
	  "ternctl check-config /etc/tern/cluster.conf", NULL, run_check_config },

	{ "cluster", "bootstrap", "", 0, 0, true, "make a cluster of the nodes in cluster.conf",
	  "Once in a cluster's life. All nodes must be up and none may know a cluster yet.",
	  "ternctl cluster bootstrap", bootstrap_options, run_cluster_bootstrap },
	{ "cluster", "status", "", 0, 0, true, "nodes, shards and leaders at a glance", NULL,
	  "ternctl cluster status\nternctl --json cluster status\nternctl cluster status --check",
	  status_options, run_cluster_status },

	{ "node", "list", "", 0, 0, true, "what every node says of itself", NULL,
	  "ternctl node list", NULL, run_node_list },

	{ "shard", "list", "", 0, 0, false, "every shard with its replicas and leader", NULL,
	  "ternctl shard list", NULL, run_shard_list },
	{ "shard", "show", "N", 1, 1, false, "the replicas of one shard", NULL,
	  "ternctl shard show 17", NULL, run_shard_show },
	{ "shard", "verify", "N", 1, 1, false, "recompute a shard's state hash",
	  "The leader reads all rows of the shard. Exit status 1 when they do not add up to the hash\n"
	  "that it keeps, which all replicas must share.",
	  "ternctl shard verify 17", NULL, run_shard_verify },

	{ "domain", "add", "NAME", 1, 1, false, "take mail for a domain", NULL,
	  "ternctl domain add example.org\n"
	  "ternctl domain add example.org --postmaster ann@example.org\n"
	  "ternctl domain add example.net --alias-of example.org",
	  domain_options, run_domain_add },
	{ "domain", "set", "NAME", 1, 1, false, "change a domain's settings",
	  "Settings not given stay; --catch-all none and --postmaster none take one away.",
	  "ternctl domain set example.org --catch-all ann@example.org", domain_options,
	  run_domain_set },
	{ "domain", "list", "", 0, 0, false, "all domains", NULL, "ternctl domain list", NULL,
	  run_domain_list },
	{ "domain", "show", "NAME", 1, 1, false, "one domain", NULL,
	  "ternctl domain show example.org", NULL, run_domain_show },
	{ "domain", "delete", "NAME", 1, 1, false, "take no more mail for a domain",
	  "Refused while the domain has users or aliases.", "ternctl domain delete example.net",
	  yes_options, run_domain_delete },

	{ "user", "add", "ADDRESS", 1, 1, false, "make an account with its mailboxes",
	  "INBOX, Drafts, Sent, Junk and Trash are made, subscribed. The first user of a domain\n"
	  "becomes its postmaster unless `domain add` named one.\n" PASSWORDS,
	  "ternctl user add ann@example.org --quota 5G\n"
	  "pwgen -s 16 1 | ternctl user add ann@example.org --password-file -",
	  user_add_options, run_user_add },
	{ "user", "list", "[DOMAIN]", 0, 1, false, "all accounts, or those of a domain", NULL,
	  "ternctl user list\nternctl --json user list example.org", NULL, run_user_list },
	{ "user", "show", "ADDRESS", 1, 1, false, "one account", NULL,
	  "ternctl user show ann@example.org", NULL, run_user_show },
	{ "user", "delete", "ADDRESS", 1, 1, false, "delete an account and all its mail", NULL,
	  "ternctl user delete ann@example.org", yes_options, run_user_delete },
	{ "user", "passwd", "ADDRESS", 1, 1, false, "set a password", PASSWORDS,
	  "ternctl user passwd ann@example.org", passwd_options, run_user_passwd },
	{ "user", "quota", "ADDRESS SIZE", 2, 2, false, "set the quota",
	  "SIZE is bytes of mail, such as 500M or 2G, or none.",
	  "ternctl user quota ann@example.org 2G --messages 100000", quota_options,
	  run_user_quota },
	{ "user", "disable", "ADDRESS", 1, 1, false, "refuse logins and mail, keep the account",
	  NULL, "ternctl user disable ann@example.org", NULL, run_user_disable },
	{ "user", "enable", "ADDRESS", 1, 1, false, "undo disable", NULL,
	  "ternctl user enable ann@example.org", NULL, run_user_enable },

	{ "alias", "add", "ADDRESS TARGET...", 2, ARGS_MAX, false,
	  "deliver an address's mail to accounts",
	  "Targets are users of this cluster, or aliases, which are resolved now. An alias that\n"
	  "exists is replaced.",
	  "ternctl alias add sales@example.org ann@example.org bob@example.org", NULL,
	  run_alias_add },
	{ "alias", "list", "[DOMAIN]", 0, 1, false, "all aliases, or those of a domain", NULL,
	  "ternctl alias list", NULL, run_alias_list },
	{ "alias", "show", "ADDRESS", 1, 1, false, "where an address leads",
	  "Shows users too: every address is resolved as the front ends do, but for domains.",
	  "ternctl alias show sales@example.org", NULL, run_alias_show },
	{ "alias", "delete", "ADDRESS", 1, 1, false, "delete an alias", NULL,
	  "ternctl alias delete sales@example.org", NULL, run_alias_delete },
	{ NULL },
};
