/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TERN_MAILSTORE_DIRECTORY_H
#define TERN_MAILSTORE_DIRECTORY_H

#include "mailstore/txn.h"

/* As the directory keeps it: printable, lower case in ASCII, a local part, at most 320 bytes.
 * An account of an outside directory may have no domain. */
int address_check(const char *text, struct why *why) MUST_USE;
bool domain_name_valid(struct bytes name);

#endif
