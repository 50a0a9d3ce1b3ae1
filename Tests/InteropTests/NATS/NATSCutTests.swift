// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

/// A real NATS server behind a proxy that cuts connections anywhere.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: NATSServer.isInstalled))
struct NATSCutTests {
    private static let cuts = 32

    private static func impatient(_ configuration: inout NATSClientConfiguration) {
        configuration.policy.waitsForFirstConnection = true
    }

    @Test("Whatever is cut, a stream's feed is exactly what was published", arguments: 1...10 as ClosedRange<UInt64>)
    func stream(_ seed: UInt64) async throws {
        let server = try await NATSServer()
        let proxy = try CuttingProxy(to: server.port, cuts: Self.cuts, bytes: 12_000, seed: seed)
        let (writing, reading) = (server.client(), server.client("ws://127.0.0.1:\(proxy.port)", nil, Self.impatient))
        try await writing.createStream("S", NATSStreamConfiguration(subjects: ["s.>"]))
        let stream = writing.stream("S", of: NATSNote.self)
        let writer = Task {
            var log: [String] = []
            // So long that every cut falls into it, and on to where the feed is whole again.
            while proxy.statistics.connections <= Self.cuts || log.count < 100 {
                let text = "\(seed) \(log.count)"
                try await stream.publish(NATSNote(text: text), to: "s.\(log.count % 7)")
                log.append(text)
                if log.count > 20_000 { break }
            }
            try await stream.publish(NATSNote(text: "the end"), to: "s.end")
            return log + ["the end"]
        }
        var heard: [String] = []
        var sequence: UInt64 = 0
        for try await event in reading.stream("S", of: NATSNote.self).messages() {
            guard case .update(let message) = event else {
                Issue.record("\(event), seed \(seed)")
                continue
            }
            #expect(message.sequence == sequence + 1, "seed \(seed)")
            sequence = message.sequence
            heard.append(message.value.text)
            if message.value.text == "the end" { break }
        }
        let log = try await writer.value
        #expect(heard == log, "seed \(seed)")
        #expect(proxy.statistics.cuts == Self.cuts, "seed \(seed): \(proxy.statistics)")
        await reading.close()
        await writing.close()
        proxy.stop()
        server.stop()
    }

    @Test("Whatever is cut, a bucket's watch ends with what is in the bucket", arguments: [11, 12, 13] as [UInt64])
    func bucket(_ seed: UInt64) async throws {
        let server = try await NATSServer()
        let proxy = try CuttingProxy(to: server.port, cuts: Self.cuts, bytes: 12_000, seed: seed)
        let (writing, reading) = (server.client(), server.client("ws://127.0.0.1:\(proxy.port)", nil, Self.impatient))
        try await writing.createBucket("docs")
        let docs = writing.bucket("docs", of: NATSNote.self)
        let writer = Task {
            var random = SeededRandom(seed)
            var count = 0
            while proxy.statistics.connections <= Self.cuts || count < 100 {
                let key = "k\(Int.random(in: 0..<12, using: &random))"
                if Int.random(in: 0..<4, using: &random) == 0 {
                    do { try await docs.delete(key) } catch let error as FreshetError where error.kind == .notFound {}
                } else {
                    try await docs.put(key, NATSNote(text: "\(count)"))
                }
                count += 1
                if count > 20_000 { break }
            }
            return try await docs.put("end", NATSNote(text: "end"))
        }
        var state: [String: Document<NATSNote>] = [:]
        var gaps = 0
        for try await event in reading.bucket("docs", of: NATSNote.self).watch() {
            if case .gap = event { gaps += 1 }
            for change in event.changes {
                if case .added(let document) = change { #expect(state[document.key] == nil, "seed \(seed)") }
                #expect(change.previous == nil || change.previous == state[change.key], "seed \(seed)")
                state[change.key] = change.document
            }
            if state["end"] != nil { break }
        }
        _ = try await writer.value
        let list = try await docs.list().documents
        #expect(state.values.sorted { $0.key < $1.key } == list.sorted { $0.key < $1.key }, "seed \(seed)")
        #expect(gaps > 0 && proxy.statistics.cuts == Self.cuts, "seed \(seed): \(gaps) gaps, \(proxy.statistics)")
        await reading.close()
        await writing.close()
        proxy.stop()
        server.stop()
    }
}
