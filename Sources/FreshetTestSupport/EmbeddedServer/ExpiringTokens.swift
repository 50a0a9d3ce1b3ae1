// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Tokens with numbers and an end: gives them out, and tells a server which of them are good.
package final class ExpiringTokens: Sendable {
    package let lifetime: Duration
    private let expiries = Locked<[ContinuousClock.Instant]>([])

    package init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    /// How many were given out.
    package var issued: Int { self.expiries.withLock { $0.count } }

    /// A new one, good from now on.
    package func issue() -> String {
        let expiry = ContinuousClock.now + self.lifetime
        let number = self.expiries.withLock { expiries in
            expiries.append(expiry)
            return expiries.count
        }
        return "token-\(number)"
    }

    /// Ends all that were given out.
    package func expireAll() {
        let now = ContinuousClock.now
        self.expiries.withLock { expiries in
            for index in expiries.indices { expiries[index] = min(expiries[index], now) }
        }
    }

    /// When a token ends; nil for one that was never given out.
    package func expiry(of token: String?) -> ContinuousClock.Instant? {
        guard let digits = token?.split(separator: "-").last, let number = Int(digits) else { return nil }
        return self.expiries.withLock { (1...max($0.count, 1)).contains(number) ? $0.dropFirst(number - 1).first : nil }
    }
}
