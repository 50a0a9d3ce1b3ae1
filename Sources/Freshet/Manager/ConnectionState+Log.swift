// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension ConnectionState {
    /// For the log.
    var label: String {
        switch self {
        case .idle: "idle"
        case .connecting(let attempt): "connecting, attempt \(attempt)"
        case .live: "live"
        case .degraded(let subscriptions): "degraded, \(subscriptions) subscriptions rest"
        case .waiting(let delay, let attempt, let error): "waiting \(delay) before attempt \(attempt): \(error.message)"
        case .polling(let delay, let attempt, let error): "polling, attempt \(attempt) in \(delay): \(error.message)"
        case .needsCredentials(let error): "needs credentials: \(error.message)"
        case .suspended: "suspended"
        case .closing: "closing"
        case .failed(let error): "failed: \(error.message)"
        }
    }
}
