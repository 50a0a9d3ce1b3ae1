// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// A store that is the system's, and that a machine may be without.
protocol KeyringStore: CredentialStore {
    /// The same as `clear`, for who does not mind that there is none.
    ///
    /// - Parameter name: the name.
    /// - Returns: why there is no keyring, which then has nothing; nil where nothing is left of the name.
    /// - Throws: `.credentials` when it is there, and something may be left in it.
    func clearIfThere(_ name: String) async throws(FreshetError) -> FreshetError?
}
