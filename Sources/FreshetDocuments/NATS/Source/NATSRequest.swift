// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore

/// What is asked of a NATS server.
package enum NATSRequest: Sendable, Hashable {
    /// A message that is answered with one.
    case call(NATSCall)
    /// What is in a stream, and what comes into it.
    case consume(NATSConsumption)
}

/// A message that is answered with one: a request to JetStream's API, or one that a stream stores and acknowledges.
package struct NATSCall: Sendable, Hashable {
    package var subject: String
    package var headers = NATSHeaders()
    package var value: [UInt8] = []
    /// Whether it does no harm twice: then it is sent again when the connection breaks before the answer.
    package var isRepeatable: Bool
}

/// An ordered consumer, and what becomes of what it brings.
package struct NATSConsumption: Sendable, Hashable {
    /// With what it begins.
    package enum Start: Sendable, Hashable {
        case first, new, lastPerSubject
    }

    package enum Shape: Sendable, Hashable {
        /// One result: what is there.
        case listing
        /// What is there as one state, then each change; that again after a drop.
        case documents
        /// Message after message; after a drop from the last one.
        case messages
    }

    package var stream: String
    /// Only these subjects; nil: all.
    package var filter: String?
    /// Whether that is all that is in the stream.
    package var isWhole = true
    package var start: Start
    package var shape: Shape
}

extension NATSConsumption {
    /// Whether its feed has a position from the outset, and so is without one only when it has been told that its history is lost.
    var beginsWithPosition: Bool {
        switch self.shape {
        case .listing: false
        case .documents: self.start == .new
        case .messages: self.start == .first
        }
    }
}

extension NATSRequest {
    var kind: OperationKind {
        switch self {
        case .call(let call): call.isRepeatable ? .query : .mutation
        case .consume(let consumption): consumption.shape == .listing ? .query : .subscription
        }
    }

    var continuity: Continuity {
        guard case .consume(let consumption) = self else { return .bestEffort }
        return consumption.shape == .messages ? .gapless : .convergent
    }
}
