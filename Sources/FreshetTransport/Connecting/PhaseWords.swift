// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

extension FreshetError.Phase {
    /// What was waited for, before the name of the other side.
    package var words: String {
        switch self {
        case .resolve: "finding"
        case .connect: "reaching"
        case .tls: "the TLS handshake with"
        case .upgrade: "the answer to the upgrade request from"
        case .acknowledge: "the acknowledgement from"
        case .keepAlive: "the pong from"
        case .credentials: "the credentials for"
        case .snapshot: "the snapshot from"
        case .response: "an answer from"
        case .body: "more of the answer from"
        case .total: "the whole answer from"
        }
    }
}
