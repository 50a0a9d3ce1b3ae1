// SPDX-License-Identifier: Apache-2.0

/// A kind of fault: what is done, and what a client is to make of it.
package struct Fault: Sendable, Hashable {
    /// How soon a client is to notice.
    package enum Detection: Sendable, Hashable {
        /// It has nothing to notice: what it has stays as it is.
        case unnoticed
        case within(Duration)
        /// By its own keep-alive: the ping's interval and the wait for the pong.
        case keepAlive
        /// By the deadline of the step that does not come to an end.
        case deadline
        /// Because the source has said how long it is silent at most.
        case silence
    }

    /// What comes of it.
    package enum Outcome: String, Sendable, Hashable {
        /// Nothing: elements go on, on the same connection.
        case goesOn
        /// Another attempt after the backoff.
        case retry
        /// The same, and no sooner than the server has said.
        case retryAfter
        /// Other credentials, once.
        case refresh
        /// Every stream ends with the error.
        case fatal
        /// Something is missing: a gap, then the whole state anew where the source has it.
        case resync
        /// What the stream's delivery policy says.
        case policy
    }

    /// Who can do it in a run.
    package enum Injection: Sendable, Hashable {
        /// The proxy between client and server.
        case proxy
        /// The proxy, where it ends TLS.
        case tls
        /// The server itself.
        case server
        /// The giver of tokens.
        case tokens
        /// The run, to its own clients.
        case client
        /// Nobody, because of this.
        case notHere(String)
    }

    package let id: String
    /// What is done.
    package let does: String
    package let detection: Detection
    /// The kinds of error that a client may name, as in ``ErrorName``; empty where there is none.
    package let errors: [String]
    package let outcome: Outcome
    package let injection: Injection

    init(
        _ id: String,
        _ does: String,
        _ detection: Detection,
        _ errors: [String],
        _ outcome: Outcome,
        _ injection: Injection = .proxy
    ) {
        self.id = id
        self.does = does
        self.detection = detection
        self.errors = errors
        self.outcome = outcome
        self.injection = injection
    }

    /// How soon it is to be noticed, given the client's own times; nil where it is not, or where that depends on the source.
    package func detectionLimit(
        keepAlive: Duration = .seconds(30),
        deadline: Duration = .seconds(10)
    ) -> Duration? {
        switch self.detection {
        case .unnoticed, .silence: nil
        case .within(let limit): limit
        // Timers are not late by much, but they are late.
        case .keepAlive: keepAlive + .milliseconds(500)
        case .deadline: deadline + .milliseconds(500)
        }
    }

    /// Of a WebSocket, and of a streamed answer.
    private static let ofCuts: Set = ["closed(1006)", "interrupted"]

    /// Whether a client may name this error: one that the fault brings, or that its connection was cut, for that is how a run makes
    /// clients meet what they only meet when they connect.
    package func brings(_ error: String) -> Bool {
        self.errors.contains(error) || (Self.ofCuts.contains(error) && self.outcome != .goesOn)
    }

    /// Why it cannot be injected; nil where it can.
    package var whyNot: String? {
        if case .notHere(let reason) = self.injection { reason } else { nil }
    }
}
