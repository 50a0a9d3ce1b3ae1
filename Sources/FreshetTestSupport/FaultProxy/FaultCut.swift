// SPDX-License-Identifier: Apache-2.0

/// How a ``FaultProxy`` ends a connection without a close frame.
public enum FaultCut: String, Sendable, Hashable {
    /// An RST on both sides (`tcp.rst`).
    case reset
    /// A FIN on both sides, between two frames where nothing was on its way.
    case end
    /// A FIN on both sides, after the beginning of a frame (`tcp.fin-noclose`).
    case endInFrame
    /// The server's side is cut; the client hears nothing of it, and what it writes is taken and lost (`tcp.half-open`).
    case halfOpen
}
