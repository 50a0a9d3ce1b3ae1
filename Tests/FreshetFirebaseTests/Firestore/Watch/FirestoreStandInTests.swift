// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetFirebase
import FreshetTestSupport
import Testing

/// Watches of a stand-in that tells changes one by one, as Google's servers do, and does wrong what a server and a network can do.
@Suite(.timeLimit(.minutes(4)))
struct FirestoreStandInTests {
    static func client(
        _ standIn: FirestoreStandIn,
        credentials: CredentialProvider? = { _ in .bearer("good") }
    ) -> Firestore {
        var configuration = FirestoreConfiguration(credentials: credentials)
        configuration.server = "https://firestore.test"
        configuration.policy.backoff = Backoff(initial: .milliseconds(1), cap: .milliseconds(20))
        return Firestore(project: "demo", configuration: configuration, transport: standIn, time: QuickClock.time)
    }

    /// Whether its sessions are over: the goodbye goes out after the client is closed.
    static func isLeft(_ standIn: FirestoreStandIn) async -> Bool {
        for _ in 0..<100_000 where standIn.openSessions > 0 { await Task.yield() }
        return standIn.openSessions == 0
    }

    private static func watcher(_ firestore: Firestore) -> StandInWatcher {
        let query = firestore.collection("users").where("n", .lessThan, 50).order(by: "n")
        return StandInWatcher(iterator: query.snapshots().makeAsyncIterator())
    }

    @Test(
        "Two hundred breaks at any byte: each state is one that there was, and the changes lead there",
        arguments: [UInt64(1), 2]
    )
    func cuts(_ seed: UInt64) async throws {
        let standIn = FirestoreStandIn()
        let random = Locked(SeededRandom(seed))
        standIn.faults.pieces = 7
        standIn.faults.cuts = { number in
            number > 200 ? nil : random.withLock { Int.random(in: 1...2500, using: &$0) }
        }
        let firestore = Self.client(standIn)
        var writer = StandInWriter(standIn: standIn, random: SeededRandom(seed + 100))
        for _ in 0..<10 { writer.write() }
        var watcher = Self.watcher(firestore)
        try await watcher.reach(writer)
        var writes = 0
        while standIn.backChannels <= 200, writes < 5000 {
            for _ in 0..<Int.random(in: 1...5, using: &writer.random) { writer.write() }
            writes += 1
            try await watcher.reach(writer)
        }
        #expect(standIn.backChannels > 200)
        #expect(watcher.count > 100)
        #expect(standIn.violations.isEmpty)
        // Whoever asks once more says what it has: nothing is read twice that it knows.
        let added = standIn.listens.filter(\.isAdd)
        #expect(added.dropFirst().allSatisfy { $0.resumeToken != nil })
        await firestore.close()
        #expect(await Self.isLeft(standIn))
    }

    enum Way: String, CaseIterable {
        case complete, bloom, count, reset, emulator
    }

    @Test("A server that forgets its sessions is gone on with by tokens, however it does that", arguments: Way.allCases)
    func resumption(_ way: Way) async throws {
        let standIn = FirestoreStandIn()
        switch way {
        case .complete: standIn.faults.resumption = .complete
        case .bloom: standIn.faults.resumption = .filter(hasNames: true)
        case .count: standIn.faults.resumption = .filter(hasNames: false)
        case .reset: standIn.faults.resumption = .reset
        case .emulator: (standIn.faults.resumption, standIn.faults.resets) = (.reset, true)
        }
        standIn.faults.bloom = { names in Self.bloom(names) }
        let firestore = Self.client(standIn)
        var writer = StandInWriter(standIn: standIn, random: SeededRandom(7))
        for _ in 0..<40 { writer.write() }
        var watcher = Self.watcher(firestore)
        try await watcher.reach(writer)
        for _ in 0..<15 {
            for _ in 0..<Int.random(in: 0...8, using: &writer.random) { writer.write() }
            standIn.forgetSessions()
            for _ in 0..<Int.random(in: 1...8, using: &writer.random) { writer.write() }
            try await watcher.reach(writer)
        }
        #expect(standIn.sessionCount > 10)
        #expect(standIn.violations.isEmpty)
        #expect(standIn.listens.contains { $0.resumeToken != nil })
        if way == .complete || way == .bloom {
            // Nothing was asked again from the beginning.
            #expect(standIn.listens.filter { $0.isAdd && $0.resumeToken == nil }.count == 1)
        }
        await firestore.close()
    }

    /// Twenty bits a name, so that nobody is mistaken.
    private static func bloom(_ names: [String]) -> JSONValue {
        var bitmap = [UInt8](repeating: 0, count: max(names.count * 20 / 8, 16))
        for name in names {
            let digest = MD5.digest(of: Array(name.utf8))
            func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
            for index in 0..<UInt64(7) {
                let bit = Int((number(digest[..<8]) &+ index &* number(digest[8...])) % UInt64(bitmap.count * 8))
                bitmap[bit / 8] |= 1 << UInt8(bit % 8)
            }
        }
        return ["bits": ["bitmap": .string(Data(bitmap).base64EncodedString())], "hashCount": 7]
    }

    @Test("Doubled arrays, lost arrays, lost answers to messages and another page change nothing")
    func nonsense() async throws {
        let standIn = FirestoreStandIn()
        standIn.faults.doublesArrays = true
        standIn.faults.losesEvery = 5
        standIn.faults.lostReplies = 1
        standIn.faults.page = "<html>log in</html>"
        let firestore = Self.client(standIn)
        var writer = StandInWriter(standIn: standIn, random: SeededRandom(3))
        for _ in 0..<10 { writer.write() }
        var watcher = Self.watcher(firestore)
        for _ in 0..<12 {
            writer.write()
            try await watcher.reach(writer)
        }
        #expect(standIn.violations.isEmpty)
        #expect(standIn.sessionCount == 1)
        standIn.say("stop")
        for _ in 0..<5 { writer.write() }
        try await watcher.reach(writer)
        standIn.say(["error": ["code": 503, "message": "later", "status": "UNAVAILABLE"]])
        for _ in 0..<5 { writer.write() }
        try await watcher.reach(writer)
        #expect(standIn.sessionCount > 1)
        await firestore.close()
    }

    @Test("Rules that deny end one watch, and the others go on")
    func denied() async throws {
        let standIn = FirestoreStandIn()
        standIn.faults.isDenied = { $0 == "secrets" || $0 == "users/mallory" }
        standIn.write("users/ada", StandInWriter.number(1))
        let firestore = Self.client(standIn)
        var users = firestore.collection("users").snapshots().makeAsyncIterator()
        #expect(try await users.next()?.documents.count == 1)
        var secrets = firestore.collection("secrets").snapshots().makeAsyncIterator()
        let first = await #expect(throws: FreshetError.self) { try await secrets.next() }
        #expect(first?.kind == .forbidden)
        var mallory = firestore.document("users/mallory").snapshots().makeAsyncIterator()
        let second = await #expect(throws: FreshetError.self) { try await mallory.next() }
        #expect(second?.kind == .forbidden)
        standIn.write("users/bob", StandInWriter.number(2))
        #expect(try await users.next()?.documents.count == 2)
        #expect(standIn.sessionCount == 1)
        await firestore.close()
    }

    @Test(
        "A token that is refused is asked for once more, also where the stream was well before",
        arguments: [true, false]
    )
    func refused(_ isWellFirst: Bool) async throws {
        let standIn = FirestoreStandIn()
        let good = Locked(isWellFirst ? "Bearer first" : "Bearer second")
        standIn.faults.isRefused = { authorization in authorization != good.withLock { $0 } }
        let reasons = Locked<[Credentials.Reason]>([])
        let firestore = Self.client(standIn) { reason in
            reasons.withLock { $0.append(reason) }
            return .bearer(reason == .refused ? "second" : "first")
        }
        var users = firestore.collection("users").snapshots().makeAsyncIterator()
        #expect(try await users.next()?.documents.isEmpty == true)
        if isWellFirst {
            good.withLock { $0 = "Bearer second" }
            standIn.say(["error": ["code": 401, "message": "expired", "status": "UNAUTHENTICATED"]])
        }
        standIn.write("users/ada", StandInWriter.number(1))
        #expect(try await users.next()?.documents.count == 1)
        #expect(standIn.authorizations == ["Bearer first", "Bearer second"])
        #expect(reasons.withLock { $0 } == [.connecting, .refused])
        await firestore.close()
    }

    @Test("Credentials that end are replaced by a new stream before that, and nothing is missing")
    func expiry() async throws {
        let standIn = FirestoreStandIn()
        let count = Locked(0)
        let firestore = Self.client(standIn) { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return .bearer("token\(number)", lifetime: .seconds(10))
        }
        var writer = StandInWriter(standIn: standIn, random: SeededRandom(11))
        var watcher = Self.watcher(firestore)
        var rounds = 0
        while standIn.sessionCount < 4, rounds < 100_000 {
            writer.write()
            rounds += 1
            try await watcher.reach(writer)
        }
        #expect(standIn.sessionCount >= 4)
        #expect(Set(standIn.authorizations).count >= 3)
        #expect(standIn.violations.isEmpty)
        await firestore.close()
    }

    @Test("The new stream wants newer credentials, not the old ones that are still good for a moment")
    func newerCredentials() async throws {
        let standIn = FirestoreStandIn()
        let clock = QuickClock()
        let kept = Locked<(number: Int, ends: QuickClock.Instant)>((0, clock.now))
        let reasons = Locked<[Credentials.Reason]>([])
        let firestore = Self.client(standIn) { reason in
            reasons.withLock { $0.append(reason) }
            let (number, ends) = kept.withLock { kept in
                if reason != .connecting || kept.ends <= clock.now { kept = (kept.number + 1, clock.now + .seconds(8)) }
                return kept
            }
            return .bearer("token\(number)", lifetime: ends - clock.now)
        }
        var writer = StandInWriter(standIn: standIn, random: SeededRandom(12))
        var watcher = Self.watcher(firestore)
        var rounds = 0
        while standIn.sessionCount < 3, rounds < 100_000 {
            writer.write()
            rounds += 1
            try await watcher.reach(writer)
        }
        #expect(reasons.withLock { $0 }.prefix(3) == [.connecting, .expiring, .expiring])
        #expect(standIn.authorizations.prefix(3) == ["Bearer token1", "Bearer token2", "Bearer token3"])
        await firestore.close()
    }

    @Test("Who asks for metadata hears that the server is away, and that it is there again")
    func metadata() async throws {
        let standIn = FirestoreStandIn()
        standIn.write("users/ada", StandInWriter.number(1))
        let isAway = Locked(false)
        let transport = ScriptedHTTPTransport { call, _ throws(FreshetError) in
            if isAway.withLock({ $0 }) { throw FreshetError(.unreachable, "away") }
            return try await standIn.send(call)
        }
        var configuration = FirestoreConfiguration(credentials: { _ in .bearer("good") })
        configuration.server = "https://firestore.test"
        configuration.policy.backoff = Backoff(initial: .milliseconds(1), cap: .milliseconds(20))
        let firestore = Firestore(
            project: "demo",
            configuration: configuration,
            transport: transport,
            time: QuickClock.time
        )
        var all = firestore.collection("users").snapshots(includesMetadata: true).makeAsyncIterator()
        var one = firestore.document("users/ada").snapshots(includesMetadata: true).makeAsyncIterator()
        let first = try #require(try await all.next())
        #expect((first.documents.count, first.isFromCache) == (1, false))
        #expect(try await one.next()?.isFromCache == false)
        isAway.withLock { $0 = true }
        standIn.forgetSessions()
        let away = try #require(try await all.next())
        #expect((away.documents, away.changes, away.isFromCache) == (first.documents, [], true))
        #expect(try await one.next()?.isFromCache == true)
        isAway.withLock { $0 = false }
        let back = try #require(try await all.next())
        #expect((back.documents, back.changes, back.isFromCache) == (first.documents, [], false))
        #expect(try await one.next()?.document?["n"] == 1)
        await firestore.close()
    }
}

extension JSONValue {
    fileprivate var isAdd: Bool { self["addTarget"] != nil }
    fileprivate var resumeToken: JSONValue? { self["addTarget"]?["resumeToken"] }
}
