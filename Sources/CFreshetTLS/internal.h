// SPDX-License-Identifier: Apache-2.0

#ifndef FRESHET_TLS_INTERNAL_H
#define FRESHET_TLS_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "CFreshetTLS.h"

/// The certificate, or the key, of a PEM text; NULL when there is none in it.
X509 *freshet_read_certificate(const char *pem);
EVP_PKEY *freshet_read_key(const char *pem);

#endif
