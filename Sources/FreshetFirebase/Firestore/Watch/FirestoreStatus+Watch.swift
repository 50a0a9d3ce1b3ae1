// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What a watch is refused with.
extension FirestoreStatus {
    private static let names = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]

    /// By the number that a code has.
    init(number: Int, message: String) {
        self.init(code: Self.names.indices.contains(number) ? Self.names[number] : "UNKNOWN", message: message)
    }

    static let unknown = FirestoreStatus(number: 2, message: "")

    /// Of one listener alone.
    var watchError: FreshetError { self.error(what: "a watch") }

    /// Of the whole stream. Most of it passes.
    var streamError: FreshetError {
        switch self.code {
        case "UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "NOT_FOUND", "FAILED_PRECONDITION",
            "UNIMPLEMENTED":
            return self.error(what: "the stream of all watches")
        case "RESOURCE_EXHAUSTED":
            let error = self.error(what: "the stream of all watches")
            return FreshetError(.rateLimited(retryAfter: .seconds(60)), error.message, hint: error.hint)
        default:
            let error = self.error(what: "the stream of all watches")
            return FreshetError(.interrupted, error.message, hint: error.hint)
        }
    }
}
