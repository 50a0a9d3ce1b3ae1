// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

@testable import FreshetFirebase

/// Transactions against a server that answers commits by a script, in virtual time.
@Suite(.timeLimit(.minutes(1)))
struct FirestoreTransactionTests {
    /// Documents `t/a` (there) and `t/b` (not there); commits are answered one after another.
    private final class World: Sendable {
        let clock = ManualClock()
        let transport: ScriptedHTTPTransport
        let firestore: Firestore
        var a: FirestoreDocumentReference { self.firestore.document("t/a") }
        var b: FirestoreDocumentReference { self.firestore.document("t/b") }

        init(_ commits: [String]) {
            let left = Locked(commits)
            let reads = Locked(0)
            self.transport = ScriptedHTTPTransport { call, _ throws(FreshetError) in
                if call.request.path?.hasSuffix(":batchGet") == true {
                    let second = reads.withLock { count -> Int in
                        count += 1
                        return count
                    }
                    return try .json(World.answers(Int64(second), call))
                }
                let code = left.withLock { $0.isEmpty ? "" : $0.removeFirst() }
                guard !code.isEmpty else {
                    let count = (call.body?.bytes?.text ?? "").components("\"currentDocument\"")
                    return try .json(["writeResults": .array([JSONValue](repeating: [:], count: count))] as JSONValue)
                }
                let status = ["ABORTED": 409, "ALREADY_EXISTS": 409, "UNAVAILABLE": 503][code] ?? 400
                return try .json(
                    ["error": ["code": .integer(Int64(status)), "status": .string(code)]] as JSONValue,
                    status: .init(code: status)
                )
            }
            var configuration = FirestoreConfiguration()
            configuration.server = "https://firestore.test"
            self.firestore = Firestore(
                project: "p",
                configuration: configuration,
                transport: self.transport,
                time: TimeSource(self.clock, jitter: { 1 })
            )
        }

        private static func answers(_ second: Int64, _ call: HTTPCall) -> JSONValue {
            let time = FirestoreTimestamp(seconds: second)?.description ?? ""
            let root = "projects/p/databases/(default)/documents/t"
            let body = call.body?.bytes?.text ?? ""
            var answers: [JSONValue] = []
            if body.contains("\\/t\\/a\"") {
                answers.append([
                    "found": ["name": .string("\(root)/a"), "createTime": .string(time), "updateTime": .string(time)]
                ])
            }
            if body.contains("\\/t\\/b\"") { answers.append(["missing": .string("\(root)/b")]) }
            return .array(answers)
        }

        var commits: [String] {
            self.transport.calls.filter { $0.request.path?.hasSuffix(":commit") == true }.map {
                $0.body?.bytes?.text ?? ""
            }
        }
    }

    @Test("What was read must be as it was: the documents that are written, and those that are not")
    func preconditions() async throws {
        let world = World([])
        let id = try await world.firestore.runTransaction { transaction in
            let documents = try await transaction.get([world.a, world.b])
            try transaction.update(world.a, ["n": 1])
            return documents[0]?.id
        }
        #expect(id == "a")
        let commit = try #require(world.commits.first)
        #expect(commit.contains(#""currentDocument":{"updateTime":"1970-01-01T00:00:01Z"}"#))
        #expect(commit.contains(#""verify":"projects\/p\/databases\/(default)\/documents\/t\/b""#))
        #expect(commit.contains(#""currentDocument":{"exists":false}"#))
    }

    @Test(
        "Somebody was faster: it is tried again with what is there now, and waits longer each time",
        arguments: ["ABORTED", "FAILED_PRECONDITION", "ALREADY_EXISTS"]
    )
    func retried(_ code: String) async throws {
        let world = World([code, code])
        let running = Task {
            try await world.firestore.runTransaction { transaction in
                let document = try await transaction.get(world.a)
                try transaction.set(world.a, ["n": 1])
                return document?.updateTime.seconds
            }
        }
        await world.clock.advance(by: .milliseconds(500))
        await world.clock.advance(by: .milliseconds(750))
        #expect(try await running.value == 3)
        #expect(world.commits.count == 3)
    }

    @Test("Not more often than it may")
    func bounded() async throws {
        let world = World([String](repeating: "ABORTED", count: 10))
        let running = Task {
            try await world.firestore.runTransaction(attempts: 3) { transaction in
                try transaction.set(world.a, ["n": 1])
            }
        }
        await world.clock.advance(by: .milliseconds(500))
        await world.clock.advance(by: .milliseconds(750))
        let error = await #expect(throws: FreshetError.self) { try await running.value }
        #expect(error?.firestoreCode == "ABORTED")
        #expect(world.commits.count == 3)
    }

    @Test("What will not be otherwise next time is not tried again, nor what may have been executed")
    func notRetried() async throws {
        for code in ["ALREADY_EXISTS", "UNAVAILABLE", "INVALID_ARGUMENT"] {
            let world = World([code])
            await #expect(throws: FreshetError.self) {
                try await world.firestore.runTransaction { transaction in try transaction.create(world.a, ["n": 1]) }
            }
            #expect(world.commits.count == 1)
        }
        let world = World(["UNAVAILABLE"])
        let error = await #expect(throws: FreshetError.self) {
            try await world.firestore.runTransaction { transaction in
                _ = try await transaction.get(world.a)
                try transaction.set(world.a, ["n": 1])
            }
        }
        #expect(error?.kind == .outcomeUnknown)
        #expect(world.commits.count == 1)
    }

    @Test("A body that throws writes nothing, and its error comes out as it is")
    func bodyThrows() async {
        struct SoldOut: Error {}
        let world = World([])
        await #expect(throws: SoldOut.self) {
            try await world.firestore.runTransaction { transaction in
                try transaction.set(world.a, ["n": 1])
                throw SoldOut()
            }
        }
        #expect(world.commits.isEmpty)
    }

    @Test("Reads come first; what was read and is not there is not updated; what is there is not made")
    func rules() async {
        let world = World([])
        func kind(_ body: @escaping @Sendable (inout FirestoreTransaction) async throws -> Void) async -> FreshetError
            .Kind?
        {
            let error = await #expect(throws: FreshetError.self) { try await world.firestore.runTransaction(body) }
            return error?.kind
        }
        #expect(
            await kind {
                try $0.delete(world.a)
                _ = try await $0.get(world.b)
            } == .invalidInput
        )
        #expect(
            await kind {
                _ = try await $0.get(world.b)
                try $0.update(world.b, ["n": 1])
            } == .notFound
        )
        #expect(
            await kind {
                _ = try await $0.get(world.a)
                try $0.create(world.a, ["n": 1])
            } == .conflict(version: nil)
        )
        #expect(world.commits.isEmpty)
    }

    @Test("A document that was changed between two reads of it begins the transaction anew, without a commit")
    func torn() async throws {
        let world = World([])
        let attempts = Locked(0)
        let running = Task {
            try await world.firestore.runTransaction { transaction in
                let isFirst = attempts.withLock { count -> Bool in
                    count += 1
                    return count == 1
                }
                _ = try await transaction.get(world.a)
                if isFirst { _ = try await transaction.get(world.a) }
                try transaction.delete(world.a)
            }
        }
        await world.clock.advance(by: .milliseconds(500))
        try await running.value
        #expect(attempts.withLock { $0 } == 2)
        #expect(world.commits.count == 1)
    }

    @Test("Cancelling ends it between two attempts")
    func cancelled() async throws {
        let world = World(["ABORTED"])
        let running = Task {
            try await world.firestore.runTransaction { transaction in try transaction.set(world.a, ["n": 1]) }
        }
        await world.clock.sleepers()
        running.cancel()
        let error = await #expect(throws: FreshetError.self) { try await running.value }
        #expect(error?.kind == .cancelled)
    }
}

extension String {
    /// How often another text is in it.
    fileprivate func components(_ text: String) -> Int { self.ranges(of: text).count }
}
