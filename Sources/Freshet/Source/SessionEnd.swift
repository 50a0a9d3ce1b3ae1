// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What a provider throws that speaks for a session, when nobody is signed in: every feed ends with the error.
package struct SessionEnd: Error {
    let error: FreshetError

    package init(error: FreshetError) { self.error = error }
}
