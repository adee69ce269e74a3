/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - named fault points; nothing at all in builds without TERN_FAULTS.
 *
 * FAULT("deliver_before_commit") in the code; FAULTPOINT=name:nth[:action] in the environment
 * (action: kill (default), error, delay=MS) arms one; more than one separated by ','. It fires at
 * the nth time the process comes by, 0: each time. A point that fires logs "fault name=…" first.
 * All names are rows of fault.def. */
#ifndef TERN_FAULT_H
#define TERN_FAULT_H

#include "base/base.h"

#ifdef TERN_FAULTS
bool fault_hit(const char *name); /* true: the caller shall fail */
#define FAULT(name) fault_hit(name)
#else
#define FAULT(name) false
#endif

#endif
