// SPDX-License-Identifier: Apache-2.0

public import FreshetTransport

/// Something that passed through a ``FaultProxy``, or that it did.
public struct FaultLogEntry: Sendable, Hashable {
    /// Who ended a connection.
    public enum Side: String, Sendable, Hashable {
        /// One of the two.
        case client, server
        /// A fault, or the end of the proxy.
        case proxy
        /// There was no connection to be had to the server, so the client's was reset.
        case unreachable
    }

    /// What it was.
    public enum Event: Sendable, Hashable {
        /// A client's connection was accepted.
        case connected
        /// The handshake of TLS is over, where the proxy ends that.
        case secured
        /// It has failed, or TLS has later: why, in OpenSSL's words, as in "tlsv1 alert unknown ca" for a client's refusal.
        case tlsFailed(String)
        /// A request, as the client sent it: an upgrade, or another one. Headers may hold secrets, and so may the query.
        case request(method: String, path: String, headers: [HTTPHeader], upgrade: Bool)
        /// The head of the server's answer.
        case response(status: Int)
        /// A frame as it came, before any rule. `size` is that of its payload; `text` its beginning, where the log keeps it.
        case frame(FaultDirection, opcode: UInt8, size: Int, text: String?)
        /// A rule or a call did this.
        case fault(FaultAction)
        /// The network is like this from now on; belongs to no connection.
        case conditions(NetworkConditions)
        /// The client, or the server, sends no more (FIN): the other is told when what came before has been passed on.
        case endOfStream(from: Side)
        /// The connection is over, on both sides.
        case ended(by: Side)
    }

    /// Its number in the log, from 1.
    public let number: Int
    /// When it was, since the proxy began.
    public let time: Duration
    /// The connection's number, from 1; 0 for none.
    public let connection: Int
    /// What it was.
    public let event: Event
}

extension FaultLogEntry: CustomStringConvertible {
    /// For people, without what may be a secret: no text, no headers, no query.
    public var description: String {
        "\(self.number) \(self.time) connection \(self.connection): \(Self.words(self.event))"
    }

    private static func words(_ event: Event) -> String {
        switch event {
        case .connected: "connected"
        case .secured: "secured"
        case .tlsFailed(let reason): "TLS failed: \(reason)"
        case .request(let method, let path, _, _): "\(method) \(path.prefix { $0 != "?" })"
        case .response(let status): "status \(status)"
        case .frame(let direction, let opcode, let size, _): "\(direction) opcode \(opcode), \(size) bytes"
        case .fault(let action): "fault \(Self.words(action))"
        case .conditions: "other network conditions"
        case .endOfStream(let side): "the \(side) sends no more"
        case .ended(let side): "ended by \(side)"
        }
    }

    private static func words(_ action: FaultAction) -> String {
        switch action {
        case .respond(let response): "respond \(response.status)"
        case .acceptAndClose(let code, _): "accept and close \(code)"
        case .close(let code, _): "close \(code)"
        case .cut(let cut): "cut \(cut)"
        case .delay(let duration): "delay \(duration)"
        case .noSubprotocol: "no subprotocol"
        case .badAccept: "bad accept"
        case .drop: "drop"
        case .dropOnwards: "drop onwards"
        case .duplicate: "duplicate"
        case .reorder: "reorder"
        case .replace: "replace"
        case .inject, .injectBytes: "inject"
        }
    }
}
