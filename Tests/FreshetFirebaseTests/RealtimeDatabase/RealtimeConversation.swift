// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport

@testable import FreshetFirebase

/// A source, and a test that is its server: what it says is told in words.
struct RealtimeConversation {
    static let hello = Self.hello(host: "h", session: "s1")

    static func hello(host: String, session: String) -> String {
        #"{"t":"c","d":{"t":"h","d":{"ts":1700000000000,"v":"5","h":"\#(host)","s":"\#(session)"}}}"#
    }

    var source: RealtimeSource

    /// One that has been greeted.
    init(_ memory: RealtimeMemory = RealtimeMemory(), subprotocol: String? = nil) throws {
        self.source = RealtimeSource(memory: memory)
        _ = try self.source.opened(subprotocol: subprotocol, credentials: nil)
        _ = try self.hear(subprotocol == nil ? Self.hello : #"{"t":"c","d":{"t":"o","d":null}}"#)
    }

    mutating func hear(_ texts: String...) throws -> [String] {
        try texts.flatMap { text in
            Self.words(try self.source.receive(WebSocketMessage(.text, Bytes(copying: text.utf8))))
        }
    }

    mutating func ask(_ id: SubscriptionID, _ request: RealtimeRequest, from position: Position? = nil) -> String {
        self.source.subscribe(id, to: request, from: position).text
    }

    mutating func listen(
        _ id: SubscriptionID,
        _ path: String,
        isNew: Bool = false,
        from position: Position? = nil,
        _ change: (inout RealtimeQuery) -> Void = { _ in }
    ) -> String {
        self.ask(id, .listen(Self.target(path, change), isNew: isNew), from: position)
    }

    static func target(_ path: String, _ change: (inout RealtimeQuery) -> Void = { _ in }) -> RealtimeTarget {
        var target = RealtimeTarget(RealtimePath(path))
        change(&target.query)
        return target
    }

    // MARK: - What the server says

    static func ok(_ number: Int, _ data: String = "{}") -> String {
        #"{"t":"d","d":{"r":\#(number),"b":{"s":"ok","d":\#(data)}}}"#
    }

    static func no(_ number: Int, _ status: String, _ words: String = "no") -> String {
        #"{"t":"d","d":{"r":\#(number),"b":{"s":"\#(status)","d":"\#(words)"}}}"#
    }

    static func data(_ path: String, _ json: String, tag: Int? = nil) -> String {
        Self.push("d", path, json, tag)
    }

    static func merge(_ path: String, _ json: String, tag: Int? = nil) -> String {
        Self.push("m", path, json, tag)
    }

    private static func push(_ action: String, _ path: String, _ json: String, _ tag: Int?) -> String {
        let tag = tag.map { #","t":\#($0)"# } ?? ""
        return #"{"t":"d","d":{"a":"\#(action)","b":{"p":"\#(path)","d":\#(json)\#(tag)}}}"#
    }

    static let pong = #"{"t":"c","d":{"t":"o","d":null}}"#

    // MARK: - What that means

    static func words(_ event: SourceEvent) -> [String] {
        switch event {
        case .several(let events): events.flatMap(Self.words)
        case .ready: ["ready"]
        case .answered: ["answered"]
        case .update(let id, let payload): ["update \(id) \(payload.text)"]
        case .snapshot(let id, let state): ["snapshot \(id) \(state.text)"]
        case .progress(let id, let position): ["progress \(id) \(position.text ?? "?")"]
        case .historyLost(let id, let cause, _): ["lost \(id) \(cause)"]
        case .failed(let id, let error), .unreadable(let id, let error): ["failed \(id) \(error.kind)"]
        case .interrupted(let id, let error, _): ["interrupted \(id) \(error.kind)"]
        case .reply(let message): ["say \(message.text)"]
        case .speaks(let id, let longest): ["speaks \(id) \(longest)"]
        case .refused(let error): ["refused \(error.kind)"]
        case .nothing(let note): note.map { ["note \($0)"] } ?? []
        case .confirmed(let id): ["confirmed \(id)"]
        case .completed, .speaksEvery: ["\(event)"]
        }
    }
}
