/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h - a throwaway certificate for the front end, and TLS for the clients of a transcript. */
#ifndef TRANSCRIPT_TLS_H
#define TRANSCRIPT_TLS_H

#include "net/tls.h"

#include <openssl/ssl.h>

struct tls *transcript_tls(void);
SSL *transcript_tls_client(int fd);

#endif
