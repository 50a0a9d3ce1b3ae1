// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Where connections go instead of where their URL says, as of each attempt: a resolver and a network that misbehave.
///
/// Names in requests and certificates stay those of the URL.
package final class NetworkRoute: Sendable {
    /// What a name leads to.
    package enum Answer: Sendable, Equatable {
        case addresses([String])
        case failure(FreshetError)
        /// Nothing is ever answered.
        case silence
    }

    private struct State: Sendable {
        var answer: Answer
        var port: Int?
        var lookups = 0
    }

    private let state: Locked<State>

    /// - Parameters:
    ///   - answer: what every name leads to.
    ///   - port: the port instead of the URL's; nil: that.
    package init(_ answer: Answer = .addresses(["127.0.0.1"]), port: Int? = nil) {
        self.state = Locked(State(answer: answer, port: port))
    }

    /// What every name leads to, from the next attempt on.
    package var answer: Answer {
        get { self.state.withLock { $0.answer } }
        set { self.state.withLock { $0.answer = newValue } }
    }

    /// The port instead of the URL's, from the next attempt on.
    package var port: Int? {
        get { self.state.withLock { $0.port } }
        set { self.state.withLock { $0.port = newValue } }
    }

    /// How often a name was looked up.
    package var lookups: Int { self.state.withLock { $0.lookups } }

    func resolve(
        _ host: String,
        _ loop: EventLoop,
        _ completion: @escaping @Sendable (NameResolver.Answer) -> Void
    ) {
        let answer = self.state.withLock { state in
            state.lookups += 1
            return state.answer
        }
        switch answer {
        case .addresses(let addresses): loop.execute { completion(.addresses(addresses)) }
        case .failure(let error): loop.execute { completion(.failure(error)) }
        case .silence: break
        }
    }
}
