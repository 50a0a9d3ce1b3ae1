// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What the server says of a watch. Documents are found, not decoded.
enum FirestoreWatchMessage {
    struct TargetChange: Decodable {
        enum Kind: String, Decodable {
            case none = "NO_CHANGE"
            case add = "ADD"
            case remove = "REMOVE"
            case current = "CURRENT"
            case reset = "RESET"
        }
        struct Cause: Decodable { let code: Int?, message: String? }

        private let targetChangeType: Kind?
        private let targetIds: [Int]?
        let cause: Cause?
        let resumeToken: String?
        let readTime: FirestoreTimestamp?

        var kind: Kind { self.targetChangeType ?? .none }
        /// None at all: every target.
        var targets: [Int] { self.targetIds ?? [] }
        var token: String? { self.resumeToken.flatMap { $0.isEmpty ? nil : $0 } }
    }

    struct Filter: Decodable {
        private let targetId: Int?
        private let count: Int?
        let unchangedNames: FirestoreBloomFilter.JSON?

        var target: Int { self.targetId ?? 0 }
        /// How many documents there are.
        var expected: Int { self.count ?? 0 }
    }

    case target(TargetChange)
    /// A document as it is now, and the targets that it is in, or not any more.
    case changed(Bytes, name: String, version: String, targets: [Int], removed: [Int])
    /// A document that is not in these targets any more.
    case removed(name: String, targets: [Int])
    case filter(Filter)
    /// The stream is over.
    case error(FirestoreStatus)
    case unknown

    /// Nil when it is none of Firestore's.
    static func reading(_ json: Bytes) -> FirestoreWatchMessage? {
        guard let (kind, value) = json.firstMember else { return nil }
        switch kind {
        case "targetChange": return Self.decoded(value, TargetChange.self).map { .target($0) }
        case "filter": return Self.decoded(value, Filter.self).map { .filter($0) }
        case "documentChange": return Self.changed(value)
        case "documentDelete", "documentRemove":
            guard let name = value.text(of: "document") else { return nil }
            return .removed(name: name, targets: value.integers(of: "removedTargetIds"))
        case "error": return FirestoreStatus(json.array).map { .error($0) } ?? .error(.unknown)
        default: return .unknown
        }
    }

    private static func changed(_ change: Bytes) -> FirestoreWatchMessage? {
        guard let document = change.member("document"), let name = document.text(of: "name"),
            let version = document.text(of: "updateTime")
        else { return nil }
        return .changed(
            document,
            name: name,
            version: version,
            targets: change.integers(of: "targetIds"),
            removed: change.integers(of: "removedTargetIds")
        )
    }

    private static func decoded<Value: Decodable>(_ json: Bytes, _ type: Value.Type) -> Value? {
        json.withBytes { try? JSONDecoder().decode(type, from: Data($0)) }
    }
}

extension Bytes {
    /// The value of a member of this object.
    func member(_ name: StaticString) -> Bytes? {
        let range = self.withBytes { bytes -> Range<Int>? in
            guard var scanner = try? JSONScanner(bytes), (try? scanner.find(name)) == true else { return nil }
            return try? scanner.value()
        }
        return range.map { self[$0] }
    }

    fileprivate var firstMember: (String, Bytes)? {
        let member = self.withBytes { bytes -> JSONScanner.Member? in
            guard var scanner = try? JSONScanner(bytes) else { return nil }
            return (try? scanner.next()) ?? nil
        }
        return member.map { (self[$0.key].text, self[$0.value]) }
    }

    func text(of name: StaticString) -> String? {
        guard let value = self.member(name), case .string(let text)? = JSONValue(scalar: value) else { return nil }
        return text
    }

    fileprivate func integers(of name: StaticString) -> [Int] {
        guard let array = self.member(name) else { return [] }
        return array.elements?.compactMap { Int($0.text) } ?? []
    }
}
