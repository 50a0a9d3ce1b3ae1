// SPDX-License-Identifier: Apache-2.0

/// How patient a WebChannel is: as Google's own clients, but where a test has no time for that.
package struct WebChannelPace: Sendable, Hashable {
    /// How long the answer to the handshake may take.
    package var handshake: Duration = .seconds(10)
    /// How long any other request may take, but for the one that does not end.
    package var request: Duration = .seconds(60)
    /// How long to wait, at least, before a request goes out again that has failed twice; by chance up to three times as long.
    package var again: Duration = .seconds(5)

    package init() {}
}
