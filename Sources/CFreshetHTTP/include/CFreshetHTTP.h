// SPDX-License-Identifier: Apache-2.0
#ifndef CFRESHETHTTP_H
#define CFRESHETHTTP_H
const char *freshet_http_version(void);
#endif
