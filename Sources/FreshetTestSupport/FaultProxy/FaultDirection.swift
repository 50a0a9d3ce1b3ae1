// SPDX-License-Identifier: Apache-2.0

/// Which way something goes through a ``FaultProxy``.
public enum FaultDirection: String, Sendable, Hashable {
    /// From the server to the client.
    case toClient
    /// From the client to the server.
    case toServer
}
