// SPDX-License-Identifier: Apache-2.0
#include "CFreshetHTTP.h"
#include <curl/curl.h>
const char *freshet_http_version(void) { return curl_version(); }
