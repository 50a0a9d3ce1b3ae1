// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

extension AuthMachine {
    /// Counts credentials, upwards; never used twice.
    package typealias Generation = UInt64
    /// A call that wants a credential.
    package typealias Waiter = UInt64
    /// A reading of the store or a renewal; what an older one still says is dropped.
    package typealias Work = UInt64

    package enum Event: Sendable {
        /// A call wants the credential.
        case wanted(Waiter)
        /// A newer one than this is wanted, by somebody or nobody; `refused`: because the server does not accept it.
        case newer(than: Generation, Waiter?, refused: Bool)
        /// Nobody waits for that any more.
        case gone(Waiter)
        /// What the store had: so much of a life, or nothing.
        case restored(Work, Life?), restoreFailed(Work, FreshetError)
        case refreshed(Work, Life), refreshFailed(Work, FreshetError)
        case loggedIn(Life)
        case logout
    }

    package enum Action: Sendable, Equatable {
        /// Read the store.
        case restore(Work)
        /// Renew the present credential.
        case refresh(Work)
        /// Nobody waits for that any more.
        case drop(Work)
        /// The credential that the event brought is the present one.
        case adopt(saving: Bool)
        /// There is no credential any more: forget it. `clearing`: in the store too.
        case forget(clearing: Bool)
        /// These get the present credential.
        case handOut(Set<Waiter>)
        case fail(Set<Waiter>, FreshetError)
        case emit(AuthEvent)
    }

    /// How long a credential lives.
    package struct Life: Sendable, Hashable {
        /// All of it, and what is left; nil where nobody knows.
        package var total: Duration?
        package var left: Duration?
        /// Whether this machine's clock had to be asked.
        package var isByClock: Bool

        package init(total: Duration? = nil, left: Duration? = nil, isByClock: Bool = false) {
            self.total = total
            self.left = left
            self.isByClock = isByClock
        }

        /// What is wrong with a credential that was over when it came.
        package var fault: FreshetError? {
            guard let left, left <= .zero else { return nil }
            return FreshetError(
                .credentials,
                "the server gave credentials that had ended \(Duration.zero - left) before they came"
                    + (self.isByClock ? ", by this machine's clock" : ""),
                hint: self.isByClock
                    ? "set this machine's clock; it may be wrong by an hour or more"
                    : "the server says that they end before they begin: its settings are wrong"
            )
        }
    }
}
