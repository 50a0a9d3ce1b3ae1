// SPDX-License-Identifier: Apache-2.0

/// A request that a WebChannel is made of.
package struct WebChannelRequest: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// A POST whose answer names the session.
        case handshake
        /// A GET whose answer goes on for as long as the channel lives, or until something has come.
        case back
        /// A POST with messages of ours.
        case forward
        /// A GET that ends the session.
        case terminate
    }

    /// Counts the requests of a channel.
    package let number: Int
    package let kind: Kind
    /// What is in the URL.
    package let query: [String: String]
    /// The form that is sent; nil for a GET.
    package let body: String?
}
