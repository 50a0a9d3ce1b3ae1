// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// A credential in a store, with the time when it came: two readings of the same wrong clock still differ by the right
/// time.
struct StoredCredential<Credential: AuthCredential>: Codable, Sendable {
    let credential: Credential
    /// Seconds since 1970 by this machine's clock.
    let receivedAt: Double
    /// How many seconds it lived from then on; nil where nobody knew.
    let life: Double?

    init(_ credential: Credential, life: AuthMachine.Life, at date: Date) {
        self.credential = credential
        self.receivedAt = date.timeIntervalSince1970
        self.life = life.left.map { $0 / .seconds(1) }
    }

    /// What is left of its life. With a clock that went back since, all of it is taken to be left: the server knows
    /// better.
    func life(at date: Date) -> AuthMachine.Life {
        guard let life = self.life, life.isFinite, self.receivedAt.isFinite else { return AuthMachine.Life() }
        let total = min(max(life, 0), 1e10)
        let age = min(max(date.timeIntervalSince1970 - self.receivedAt, 0), 1e10)
        return AuthMachine.Life(total: .seconds(total), left: .seconds(total - age))
    }
}
