/* SPDX-License-Identifier: Apache-2.0 */
#include "model/address.h"

#include "lib/test.h"

#define L60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define D60 L60 "." /* 61 octets */

static const struct address_case {
	const char *text;
	const char *full; /* NULL: refused */
	bool utf8;
} cases[] = {
	{ "ann@example.org", "ann@example.org" },
	{ "Ann.B@EXAMPLE.org", "ann.b@example.org" },
	{ "a+b-c=d@x", "a+b-c=d@x" },
	{ "!#$%&'*+-/=?^_`{|}~@x.y", "!#$%&'*+-/=?^_`{|}~@x.y" },
	{ "\"a b\"@x.y", "a b@x.y" },
	{ "\"a@b\"@x.y", "a@b@x.y" },
	{ "\"a\\\"b\\\\\"@x.y", "a\"b\\@x.y" },
	{ "\"ann\"@x.y", "ann@x.y" },
	{ "a@[192.0.2.1]", "a@[192.0.2.1]" },
	{ "a@[IPv6:2001:DB8:0::1]", "a@[ipv6:2001:db8::1]" },
	{ "a@[IPv6:::1]", "a@[ipv6:::1]" },
	{ "a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de" },
	{ "a@XN--MNCHEN-3YA.de", "a@xn--mnchen-3ya.de" },
	{ "a@m\xc3\xbcnchen.de", "a@xn--mnchen-3ya.de", true },
	{ "a@M\xc3\x9cNCHEN.de", "a@xn--mnchen-3ya.de", true },
	{ "j\xc3\xbcrgen@x.y", "j\xc3\xbcrgen@x.y", true },
	{ "a@1.2.3.4", "a@1.2.3.4" },
	/* relay forms are plain local parts: reliability-security.md, S13 */
	{ "v%remote@ours.org", "v%remote@ours.org" },
	{ "remote!v@ours.org", "remote!v@ours.org" },
	{ "\"v@remote\"@ours.org", "v@remote@ours.org" },
	/* text that some server once executed, S10 and S11: never more than text */
	{ "${run{/bin/sh}}@ours", "${run{/bin/sh}}@ours" },
	{ "%n%n@ours", "%n%n@ours" },
	{ "`id`@ours", "`id`@ours" },
	{ L60 "aaaa@x", L60 "aaaa@x" },
	{ "a@" D60 D60 D60 D60 "aaaaaaaaaaa", "a@" D60 D60 D60 D60 "aaaaaaaaaaa" },
	/* S12 */
	{ "", NULL },
	{ "\"\"", NULL },
	{ "\"\"@x", NULL },
	{ "@", NULL },
	{ "a@", NULL },
	{ "@ours", NULL },
	{ "a", NULL },
	{ "a@b@c", NULL },
	{ "a@[999.1.1.1]", NULL },
	{ "a@[1.2.3]", NULL },
	{ "a@[]", NULL },
	{ "a@[", NULL },
	{ "a@[x]y", NULL },
	{ "a@[IPv6:1.2.3.4]", NULL },
	{ "a@[IPv6:zz]", NULL },
	{ "a@[x-tag:data]", NULL },
	{ L60 "aaaaa@x", NULL },
	{ "a@" D60 D60 D60 D60 "aaaaaaaaaaaa", NULL },
	{ "a@" L60 "aaaa.org", NULL },
	{ "a@xn--junk-.org", NULL },
	{ "a@xn--zzzzzzzzz99999.org", NULL },
	{ "a@xn--.org", NULL },
	/* S13 */
	{ "@ours:v@remote", NULL },
	{ "v@remote@ours", NULL },
	{ "v@ours.", NULL },
	/* S9, S10 */
	{ ";sleep 66;", NULL },
	{ ";sleep 66;@x", NULL },
	{ "a@b\x0bX", NULL },
	{ "a\x01@b", NULL },
	{ "a\x7f@b", NULL },
	{ "\"a\\\nb\"@x", NULL },
	{ "\"a\rb\"@x", NULL },
	{ "$(id)@x", NULL },
	{ "j\xc3\xbcrgen@x.y", NULL },
	{ "a@m\xc3\xbcnchen.de", NULL },
	{ "a\xff@x.y", NULL, true },
	{ "a\xc0\x80@x.y", NULL, true },
	{ "a\xed\xa0\x80@x.y", NULL, true },
	{ "a\xc2\x85@x.y", NULL, true },
	{ "a@\xe2\x80\xae.y", NULL, true },
	{ ".a@x", NULL },
	{ "a.@x", NULL },
	{ "a..b@x", NULL },
	{ "a b@x", NULL },
	{ "a(c)@x", NULL },
	{ "<a@x>", NULL },
	{ " a@x", NULL },
	{ "a@x ", NULL },
	{ "\"a\"b@x", NULL },
	{ "\"a@x", NULL },
	{ "\"a\\", NULL },
	{ "a@-x.y", NULL },
	{ "a@x-.y", NULL },
	{ "a@.x", NULL },
	{ "a@x..y", NULL },
	{ "a@x_y.z", NULL },
};

TEST(address, grammar)
{
	struct address a;
	struct arena mem;
	struct why why;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct address_case *c = &cases[i];
		int ret;

		arena_init(&mem, 0);
		ret = address_parse(bytes_str(c->text), c->utf8, &mem, &a, &why);
		if ((ret == 0) != (c->full != NULL))
			print_error("case %s: %d\n", c->text, ret);
		CHECK_INT(ret, c->full ? 0 : -ERR_INVALID);
		if (c->full)
			CHECK_STR(bytes_cstr(&mem, a.full), c->full);
		arena_release(&mem);
	}
}

TEST(address, nul_is_no_text)
{
	struct address a;
	struct arena mem;

	arena_init(&mem, 0);
	CHECK(address_parse(BYTES("a\0b@x"), true, &mem, &a, NULL) < 0);
	CHECK(address_parse(BYTES("a@x\0"), true, &mem, &a, NULL) < 0);
	CHECK(address_parse(BYTES("\"a\0\"@x"), true, &mem, &a, NULL) < 0);
	CHECK(address_parse(BYTES("a@[1.2.3.4\0]"), true, &mem, &a, NULL) < 0);
	CHECK(address_parse(BYTES_NONE, true, &mem, &a, NULL) < 0);
	arena_release(&mem);
}

TEST(address, division_and_extension)
{
	struct arena mem;
	struct bytes base;

	arena_init(&mem, 0);
	CHECK(bytes_eq(address_local(BYTES("a@b@c")), BYTES("a@b")));
	CHECK(bytes_eq(address_domain(BYTES("a@b@c")), BYTES("c")));
	CHECK(bytes_eq(address_local(BYTES("root")), BYTES("root")));
	CHECK_INT(address_domain(BYTES("root")).n, 0);
	CHECK(address_base(BYTES("u+x+y@d"), &mem, &base) && bytes_eq(base, BYTES("u@d")));
	CHECK(address_base(BYTES("u+x"), &mem, &base) && bytes_eq(base, BYTES("u")));
	CHECK(!address_base(BYTES("u@d+x"), &mem, &base));
	CHECK(!address_base(BYTES("+x@d"), &mem, &base));
	CHECK(!address_base(BYTES("u-x@d"), &mem, &base));
	arena_release(&mem);
}

TEST(address, domains)
{
	struct arena mem;
	struct bytes d;

	arena_init(&mem, 0);
	CHECK(domain_normalise(BYTES("Example.ORG"), &mem, &d) &&
	      bytes_eq(d, BYTES("example.org")));
	CHECK(domain_normalise(BYTES("b\xc3\xbc"
				     "cher.example"),
			       &mem, &d) &&
	      bytes_eq(d, BYTES("xn--bcher-kva.example")));
	CHECK(!domain_normalise(BYTES("example.org."), &mem, &d));
	CHECK(!domain_normalise(BYTES(""), &mem, &d));
	CHECK(!domain_normalise(BYTES("a b"), &mem, &d));
	CHECK(!domain_normalise(BYTES("a\0b"), &mem, &d));
	arena_release(&mem);
}
