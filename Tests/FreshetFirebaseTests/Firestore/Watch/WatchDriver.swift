// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetCore
import FreshetFirebase

/// Drives the targets of a stream by hand, and keeps what they tell.
struct WatchDriver {
    /// What a listener was told.
    struct Told: Equatable {
        var listener: UInt64
        var isFirst: Bool
        /// Documents by their ids, with their versions.
        var put: [String] = []
        var removed: [String] = []
        var token = ""
    }

    static let root = "projects/demo/databases/(default)/documents"

    var watch = FirestoreWatch()
    private(set) var told: [Told] = []
    private(set) var failures: [UInt64: FreshetError] = [:]
    private(set) var interruptions: [UInt64: FreshetError] = [:]
    private(set) var sent: [JSONValue] = []
    private(set) var over: FreshetError?

    static func query(_ change: (FirestoreQuery) -> FirestoreQuery = { $0 }) throws -> FirestoreTarget {
        let users = Firestore(project: "demo", configuration: .emulator("127.0.0.1:1")).collection("users")
        return FirestoreTarget(.query(try change(users.query).checked()))
    }

    static func document(_ id: String) throws -> FirestoreTarget {
        FirestoreTarget(.document(.sample("users/\(id)", in: "projects/demo/databases/(default)")))
    }

    /// Adds a target, and returns its number.
    @discardableResult
    mutating func listen(_ listener: UInt64, _ target: FirestoreTarget, isResumed: Bool = false) throws -> Int {
        try self.send(self.watch.listen(listener, to: target, isResumed: isResumed))
        return try required(self.lastTarget)
    }

    /// The number of the target that was added last.
    var lastTarget: Int? {
        guard case .object(let message)? = self.sent.last(where: { $0["addTarget"] != nil }),
            case .object(let target)? = message["addTarget"], case .integer(let number)? = target["targetId"]
        else { return nil }
        return Int(number)
    }

    mutating func leave(_ listener: UInt64) throws {
        if let text = self.watch.leave(listener) { try self.send(text) }
    }

    private mutating func send(_ text: String) throws {
        self.sent.append(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
    }

    /// Whether it was one of Firestore's.
    @discardableResult
    mutating func hear(_ json: String) throws -> Bool {
        guard let outputs = self.watch.receive(Bytes(copying: json.utf8)) else { return false }
        for output in outputs {
            switch output {
            case .changed(let listener, let payload, let isFirst):
                self.told.append(try Self.told(listener, payload, isFirst))
            case .failed(let listener, let error): self.failures[listener] = error
            case .interrupted(let listener, let error): self.interruptions[listener] = error
            case .send(let text): try self.send(text)
            case .over(let error): self.over = error
            case .odd: break
            }
        }
        return true
    }

    private static func told(_ listener: UInt64, _ payload: Bytes, _ isFirst: Bool) throws -> Told {
        struct Payload: Decodable {
            struct Document: Decodable { let name: String, updateTime: String }
            let token: String, documents: [Document], removed: [String]
        }
        let payload = try JSONDecoder().decode(Payload.self, from: Data(payload.array))
        func id(_ name: String) -> String { name.split(separator: "/").last.map(String.init) ?? "" }
        return Told(
            listener: listener,
            isFirst: isFirst,
            put: payload.documents.map { "\(id($0.name))@\($0.updateTime.dropFirst(17).prefix(2))" },
            removed: payload.removed.map(id),
            token: payload.token
        )
    }

    // MARK: - What servers say

    mutating func add(_ target: Int) throws {
        try self.hear(#"{"targetChange":{"targetChangeType":"ADD","targetIds":[\#(target)]}}"#)
    }

    mutating func change(_ id: String, _ second: Int, in targets: [Int] = [], out removed: [Int] = []) throws {
        try self.hear(
            """
            {"documentChange":{"document":{"name":"\(Self.root)/users/\(id)","fields":{},
            "createTime":"2024-01-02T03:04:00Z","updateTime":"2024-01-02T03:04:\(second)Z"},
            "targetIds":\(targets),"removedTargetIds":\(removed)}}
            """
        )
    }

    mutating func current(_ target: Int, token: String = "c") throws {
        try self.hear(
            """
            {"targetChange":{"targetChangeType":"CURRENT","targetIds":[\(target)],"resumeToken":"\(token)",\
            "readTime":"2024-01-02T03:04:10Z"}}
            """
        )
    }

    mutating func reset(_ target: Int) throws {
        try self.hear(#"{"targetChange":{"targetChangeType":"RESET","targetIds":[\#(target)]}}"#)
    }

    /// Everything up to a moment has come.
    mutating func snapshot(_ second: Int, token: String) throws {
        try self.hear(#"{"targetChange":{"resumeToken":"\#(token)","readTime":"2024-01-02T03:04:\#(second)Z"}}"#)
    }

    mutating func filter(_ target: Int, count: Int, bloom: String? = nil) throws {
        let names = bloom.map {
            #","unchangedNames":{"bits":{"bitmap":"\#($0)","padding":3},"hashCount":7}"#
        }
        try self.hear(#"{"filter":{"targetId":\#(target),"count":\#(count)\#(names ?? "")}}"#)
    }
}

private struct Missing: Error {}

private func required<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw Missing() }
    return value
}

extension JSONValue {
    subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }
}
