// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

extension ScriptedLink.Deed {
    static var initialisation: Self { .sent(#"{"type":"connection_init"}"#) }
    static var ping: Self { .sent(#"{"type":"ping"}"#) }
    static var pong: Self { .sent(#"{"type":"pong"}"#) }
    static var goodbye: Self { .close(code: 1000) }

    /// The subscription to `name` goes out.
    static func subscribe(_ id: Int, _ name: String = "n") -> Self {
        .sent(#"{"id":"\#(id)","payload":{"query":"subscription { \#(name) }"},"type":"subscribe"}"#)
    }

    static func complete(_ id: Int) -> Self { .sent(#"{"id":"\#(id)","type":"complete"}"#) }
}

/// What a server says.
extension ScriptedLink {
    func next(_ id: Int, _ values: Int...) {
        self.receive(values.map { #"{"id":"\#(id)","type":"next","payload":{"data":{"n":\#($0)}}}"# })
    }

    func complete(_ id: Int) { self.receive(#"{"id":"\#(id)","type":"complete"}"#) }

    func error(_ id: Int, _ message: String = "no") {
        self.receive(#"{"id":"\#(id)","type":"error","payload":[{"message":"\#(message)"}]}"#)
    }

    /// The server closes.
    func close(_ code: UInt16, _ reason: String = "") { self.end(.closeFrame(code: code, reason: reason)) }

    /// The connection breaks, without a word.
    func drop() { self.end(.failure(FreshetError(.closed(code: 1006), "it broke"))) }

    /// Passes over what the client does before this.
    func reach(_ deed: Deed) async {
        var next = await self.nextDeed()
        while next != deed, next != .nothing { next = await self.nextDeed() }
    }

    /// Whether the client has done nothing that was not asked for yet: it answers a ping first of all.
    func isQuiet() async -> Bool {
        self.receive(#"{"type":"ping","payload":{"quiet":1}}"#)
        return await self.nextDeed() == .sent(#"{"type":"pong","payload":{"quiet":1}}"#)
    }
}
