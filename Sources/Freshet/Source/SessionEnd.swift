// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a provider throws that speaks for a session, when nobody is signed in: every feed ends with the error.
struct SessionEnd: Error {
    let error: FreshetError
}
