// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// One WebChannel session of a stand-in: what it has to say, and to whom.
struct FirestoreStandInSession: Sendable {
    struct Target: Sendable {
        let json: JSONValue
    }

    /// What its client has shown.
    var authorization = ""
    /// So many arrays are said in one answer, which ends then: only who asks again says what he has; nil: any number.
    var answerLimit: Int?
    /// What was not acknowledged.
    var arrays: [(id: Int, json: String)] = []
    var lastArray = 0
    /// The highest number that an answer had.
    var lastSent = 0
    var targets: [Int: Target] = [:]
    /// Every number that was ever used.
    var numbers: Set<Int> = []
    /// How many of our messages were taken.
    var taken = 0
    var lastRID = 0
    /// The answer that goes on.
    var back: Back?

    struct Back: Sendable {
        let number: Int
        let isLongPolling: Bool
        let continuation: AsyncThrowingStream<Bytes, any Error>.Continuation
        /// How many bytes it has left.
        var left: Int?
        /// How many arrays it has had.
        var count = 0
    }

    /// The client's credentials are not good.
    mutating func refuse() {
        self.say(["error": ["code": 401, "message": "bad token", "status": "UNAUTHENTICATED"]])
    }

    mutating func say(_ message: JSONValue) { self.say(Self.text(message)) }
    mutating func sayWord(_ word: String) { self.say("\"\(word)\"") }

    /// Any JSON.
    mutating func say(_ json: String) {
        self.lastArray += 1
        self.arrays.append((self.lastArray, "[\(json)]"))
    }

    static func text(_ message: JSONValue) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return (try? encoder.encode(message)).map { String(decoding: $0, as: UTF8.self) } ?? "null"
    }

    mutating func acknowledged(_ id: Int) { self.arrays.removeAll { $0.id <= id } }

    /// Sends what has not been sent in this answer.
    mutating func flush(_ faults: FirestoreStandInFaults) {
        guard var back = self.back, !faults.isSilent else { return }
        let waiting = self.arrays.filter { $0.id > self.lastSent }
        guard !waiting.isEmpty else { return }
        for array in waiting {
            self.lastSent = array.id
            back.count += 1
            if let every = faults.losesEvery, array.id % every == 0, self.lost.insert(array.id).inserted { continue }
            let once = "[\(array.id),\(array.json)]"
            // As Google's servers do it: a newline at the end, which is counted.
            let payload = "[\(faults.doublesArrays ? "\(once),\n\(once)" : once)\n]\n"
            guard Self.write("\(payload.utf16.count)\n\(payload)", to: &back, faults) else {
                self.back = nil
                return
            }
        }
        self.back = back
        if back.isLongPolling || self.answerLimit.map({ back.count >= $0 }) ?? false {
            self.back = nil
            back.continuation.finish()
        }
    }

    /// Those that were left out once.
    private var lost: Set<Int> = []

    private static func write(_ text: String, to back: inout Back, _ faults: FirestoreStandInFaults) -> Bool {
        var bytes = Array(text.utf8)[...]
        if let left = back.left {
            back.left = left - bytes.count
            bytes = bytes.prefix(left)
        }
        while !bytes.isEmpty {
            let piece = bytes.prefix(faults.pieces ?? bytes.count)
            if case .terminated = back.continuation.yield(Bytes(copying: piece)) { return false }
            bytes = bytes.dropFirst(piece.count)
        }
        guard let left = back.left, left <= 0 else { return true }
        back.continuation.finish(throwing: FreshetError(.interrupted, "the stand-in broke the answer off"))
        return false
    }
}
