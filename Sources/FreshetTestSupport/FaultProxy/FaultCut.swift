// SPDX-License-Identifier: Apache-2.0

/// How a ``FaultProxy`` ends a connection without a close frame.
public enum FaultCut: String, Sendable, Hashable {
    /// An RST on both sides (`tcp.rst`).
    case reset
    /// A FIN on both sides, between two frames where nothing was on its way; where the proxy ends TLS, after TLS's own end.
    case end
    /// A FIN on both sides, after the beginning of a frame (`tcp.fin-noclose`); where the proxy ends TLS, without TLS's own end.
    case endInFrame
    /// The same between two frames: a FIN, and no end of TLS (`tls.truncation`). Without TLS it is ``end``.
    case truncate
    /// A fatal alert, then a FIN, on the client's side (`tls.mid-stream-alert`). Where the proxy does not end TLS it is ``end``.
    case alert
    /// The server's side is cut; the client hears nothing of it, and what it writes is taken and lost (`tcp.half-open`).
    case halfOpen
}
