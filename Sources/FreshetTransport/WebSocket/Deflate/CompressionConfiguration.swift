// SPDX-License-Identifier: Apache-2.0

/// Whether and how messages may be compressed (permessage-deflate, RFC 7692). The server has the last word.
///
/// An open connection that has never seen a compressed message needs no memory for it. With the default windows the first one
/// that comes takes about 42 KiB for as long as the connection lives, and the first one that is sent about 144 KiB.
public struct CompressionConfiguration: Sendable, Hashable {
    /// Offers compression.
    public static let on = Self()

    /// Offers nothing.
    public static let off = Self(offered: false)

    /// Whether to offer it at all.
    public var offered: Bool

    /// Messages of fewer bytes are sent as they are.
    public var minimumSize: Int

    /// Asks the server to begin anew with each message: it compresses less, and needs less memory.
    public var serverNoContextTakeover: Bool

    /// Begins anew with each message that is sent.
    public var clientNoContextTakeover: Bool

    /// The server's window in bits, 9 to 15: 2^bits bytes of memory here.
    public var serverMaxWindowBits: Int

    /// Our window in bits, 9 to 15. The server may ask for less.
    public var clientMaxWindowBits: Int

    /// Makes a configuration; by default compression is offered with the largest windows.
    ///
    /// - Parameters:
    ///   - offered: whether to offer it at all.
    ///   - minimumSize: messages of fewer bytes are sent as they are.
    ///   - serverNoContextTakeover: asks the server to begin anew with each message.
    ///   - clientNoContextTakeover: begins anew with each message that is sent.
    ///   - serverMaxWindowBits: the server's window in bits; what is not 9 to 15 becomes the nearest that is.
    ///   - clientMaxWindowBits: our window in bits, likewise.
    public init(
        offered: Bool = true,
        minimumSize: Int = 256,
        serverNoContextTakeover: Bool = false,
        clientNoContextTakeover: Bool = false,
        serverMaxWindowBits: Int = 15,
        clientMaxWindowBits: Int = 15
    ) {
        self.offered = offered
        self.minimumSize = minimumSize
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = min(max(serverMaxWindowBits, 9), 15)
        self.clientMaxWindowBits = min(max(clientMaxWindowBits, 9), 15)
    }

    /// The value of Sec-WebSocket-Extensions, nil when nothing is offered.
    package var offer: String? {
        guard self.offered else { return nil }
        var parts = ["permessage-deflate"]
        if self.serverNoContextTakeover { parts.append("server_no_context_takeover") }
        if self.clientNoContextTakeover { parts.append("client_no_context_takeover") }
        if self.serverMaxWindowBits < 15 { parts.append("server_max_window_bits=\(self.serverMaxWindowBits)") }
        parts.append("client_max_window_bits" + (self.clientMaxWindowBits < 15 ? "=\(self.clientMaxWindowBits)" : ""))
        return parts.joined(separator: "; ")
    }
}
