// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetDocuments

/// Bytes of a server, and what is found in them.
@Suite struct NATSParserTests {
    /// What nats-server 2.9 has sent, shortened.
    static let golden =
        "INFO {\"server_id\":\"NA\",\"headers\":true,\"max_payload\":1048576} \r\n"
        + "PONG\r\n+OK\r\n"
        + "MSG _INBOX.q.1 1 29\r\n{\"stream\":\"KV_docs\", \"seq\":1}\r\n"
        + "PING\r\n"
        + "HMSG $KV.docs.b 2 $JS.ACK.KV_docs.ZPHdbVtx.1.4.2.1795465531253674337.1 31 31\r\n"
        + "NATS/1.0\r\nKV-Operation: DEL\r\n\r\n\r\n"
        + "HMSG _DELIVER.w1 2 75 75\r\n"
        + "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 5\r\nNats-Last-Stream: 7\r\n\r\n\r\n"
        + "MSG a\t3  5\r\nx\r\ny\0\r\n"
        + "-ERR 'Permissions Violation for Subscription to \"x\"'\r\n"
        + "HMSG _IN.1 3 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
        + "PING\n"

    static let meanings = [
        "info {\"server_id\":\"NA\",\"headers\":true,\"max_payload\":1048576} ",
        "pong", "ok",
        "1 _INBOX.q.1 - {\"stream\":\"KV_docs\", \"seq\":1}",
        "ping",
        "2 $KV.docs.b $JS.ACK.KV_docs.ZPHdbVtx.1.4.2.1795465531253674337.1  KV-Operation=DEL",
        "2 _DELIVER.w1 -  100 Idle Heartbeat Nats-Last-Consumer=5 Nats-Last-Stream=7",
        "3 a - x\r\ny\0",
        "error Permissions Violation for Subscription to \"x\"",
        "3 _IN.1 -  503 ",
        "ping",
    ]

    static func meaning(_ operation: NATSOperation) -> String {
        switch operation {
        case .info(let json): return "info\(json.text)"
        case .ping: return "ping"
        case .pong: return "pong"
        case .ok: return "ok"
        case .error(let text): return "error \(text)"
        case .message(let frame):
            var text = "\(frame.sid) \(frame.subject.text) \(frame.reply?.text ?? "-") \(frame.value.text)"
            if let headers = frame.headers {
                if let status = headers.status { text += " \(status) \(headers.description)" }
                for field in headers.fields { text += " \(field.name)=\(field.value)" }
            }
            return text
        }
    }

    static func parse(_ pieces: [String]) throws -> [String] {
        var parser = NATSParser()
        var operations: [NATSOperation] = []
        for piece in pieces { try parser.parse(Bytes(copying: piece.utf8), into: &operations) }
        return operations.map(Self.meaning)
    }

    @Test("Everything that a server says is found in one piece")
    func whole() throws {
        #expect(try Self.parse([Self.golden]) == Self.meanings)
    }

    @Test("Where the bytes are split makes no difference")
    func everySplit() throws {
        let bytes = Array(Self.golden.utf8)
        for place in 0...bytes.count {
            let pieces = [bytes[..<place], bytes[place...]].map { String(decoding: $0, as: UTF8.self) }
            #expect(try Self.parse(pieces) == Self.meanings, "split at \(place)")
        }
        #expect(try Self.parse(bytes.map { String(decoding: [$0], as: UTF8.self) }) == Self.meanings)
    }

    @Test("A message is found again in its own bytes, alone and within others")
    func frames() throws {
        var parser = NATSParser()
        var operations: [NATSOperation] = []
        try parser.parse(Bytes(copying: Self.golden.utf8), into: &operations)
        for operation in operations {
            guard case .message(let frame) = operation else { continue }
            let again = try #require(NATSFrame(parsing: frame.bytes))
            #expect(Self.meaning(.message(again)) == Self.meaning(operation))
            #expect(NATSFrame(parsing: frame.bytes[0..<frame.bytes.count - 1]) == nil)
        }
        #expect(NATSFrame(parsing: Bytes(copying: "MSG a 1 0".utf8)) == nil)
        #expect(NATSFrame(parsing: Bytes(copying: [])) == nil)
    }

    @Test(
        "What no server sends is refused, and what came before it counts",
        arguments: [
            "HELLO\r\n", "\r\n", "MSG a 1\r\n", "MSG a x 1\r\nx\r\n", "MSG a 1 b c 1\r\nx\r\n", "MSG a 1 -1\r\n",
            "MSG a 1 99999999999\r\n", "MSG a 1 18446744073709551616\r\n", "HMSG a 1 5\r\nhello\r\n",
            "HMSG a 1 6 5\r\nhello\r\n", "MSG a 1 1\r\nxyz\r\n", "MSG a 1 2\r\nx\r\n\r\n", "pi\0ng\r\n",
        ]
    )
    func malformed(_ text: String) {
        var parser = NATSParser()
        var operations: [NATSOperation] = []
        #expect(throws: NATSParser.Failure.self) {
            try parser.parse(Bytes(copying: ("PING\r\n" + text).utf8), into: &operations)
        }
        #expect(operations.map(Self.meaning) == ["ping"])
    }

    @Test("A line has a limit, whether or not its end comes, and so has a message")
    func limits() {
        for text in [
            String(repeating: "a", count: NATSParser.lineLimit + 1),
            "INFO " + String(repeating: " ", count: NATSParser.lineLimit) + "\n",
        ] {
            #expect(throws: NATSParser.Failure.self) { _ = try Self.parse([text]) }
            #expect(throws: NATSParser.Failure.self) {
                _ = try Self.parse(["IN"] + (0..<2).map { _ in String(text.dropFirst(text.count / 2)) } + ["", text])
            }
        }
        #expect(throws: NATSParser.Failure.tooLarge("a message of 70000000 bytes")) {
            _ = try Self.parse(["MSG a 1 70000000\r\n"])
        }
    }

    @Test("Chance finds nothing that traps, and finds the same at any split", arguments: 1...20 as ClosedRange<UInt64>)
    func chance(_ seed: UInt64) {
        var random = SplitMix(seed)
        for _ in 0..<200 {
            var bytes = Array(Self.golden.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let place = Int.random(in: 0...bytes.count, using: &random)
            #expect(Self.outcome([bytes[...]]) == Self.outcome([bytes[..<place], bytes[place...]]), "seed \(seed)")
        }
    }

    private static func outcome(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var parser = NATSParser()
        var operations: [NATSOperation] = []
        do throws(NATSParser.Failure) {
            for piece in pieces { try parser.parse(Bytes(copying: piece), into: &operations) }
        } catch {
            return operations.map(Self.meaning) + ["refused"]
        }
        return operations.map(Self.meaning)
    }

    private struct SplitMix: RandomNumberGenerator {
        private var state: UInt64

        init(_ seed: UInt64) { self.state = seed }

        mutating func next() -> UInt64 {
            self.state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = self.state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test("What JetStream says of a delivery is read in both of its forms, and nothing else is")
    func deliveries() {
        func delivery(_ subject: String) -> NATSDelivery? {
            Bytes(copying: subject.utf8).withBytes { NATSDelivery($0) }
        }
        let old = delivery("$JS.ACK.KV_docs.ZPHdbVtx.1.3.7.1795465531253674337.2")
        #expect(old?.streamSequence == 3 && old?.consumerSequence == 7 && old?.pending == 2)
        #expect(old?.time == 1_795_465_531_253_674_337)
        for tail in ["", ".random"] {
            #expect(delivery("$JS.ACK.domain.account.KV_docs.ZPHdbVtx.1.3.7.1795465531253674337.2\(tail)") == old)
        }
        for text in [
            "$JS.ACK.S.C.1.3.7.9", "$JS.ACK.S.C.1.3.7.9.x", "$JS.ACK.S.C.1.3.7.9.", "$JS.FC.S.C.1.3.7.9.0",
            "$JS.ACK.S.C.1.3.7.99999999999999999999.0", "", "$JS.ACK.",
        ] { #expect(delivery(text) == nil, "\(text)") }
    }

    @Test("Times keep their nanoseconds")
    func times() {
        #expect(NATSTime.nanoseconds("1970-01-01T00:00:00Z") == 0)
        #expect(NATSTime.nanoseconds("2026-11-25T23:20:41.1Z") == 1_795_648_841_100_000_000)
        #expect(NATSTime.nanoseconds("2024-02-29T12:00:00.123456789Z") == 1_709_208_000_123_456_789)
        #expect(NATSTime.nanoseconds("2000-03-01T00:00:00Z") == 951_868_800_000_000_000)
        for text in [
            "", "2026-11-25", "2026-11-25T23:20:41+01:00", "2026-13-25T23:20:41Z", "2026-11-25T23:20:41.Z",
            "x026-11-25T23:20:41Z",
        ] {
            #expect(NATSTime.nanoseconds(text) == nil, "\(text)")
        }
    }

    @Test("No header ends its line, and no name or key ends a command")
    func injection() {
        #expect(NATSHeaders(["A": "b c"]).isClean)
        for headers in [
            NATSHeaders(["A": "b\r\nC: d"]), NATSHeaders(["A:b": "c"]), NATSHeaders(["": "c"]), NATSHeaders(["A ": ""]),
        ] {
            #expect(!headers.isClean)
        }
        for key in ["", ".a", "a.", "a..b", "a b", "a\r\nPING", "a*", ">", "ä"] {
            #expect(throws: FreshetError.self, "\(key)") { try NATSSubject.check(key: key) }
        }
        for key in ["a", "a.b", "A-_/=9"] { #expect(throws: Never.self) { try NATSSubject.check(key: key) } }
        for filter in [">", "a.*", "*.b.>"] {
            #expect(throws: Never.self) { try NATSSubject.check(key: filter, wildcards: true) }
        }
        for filter in [">.a", "a*", "a.>b"] {
            #expect(throws: FreshetError.self) { try NATSSubject.check(key: filter, wildcards: true) }
        }
        for name in ["", "a.b", "a b", "*"] {
            #expect(throws: FreshetError.self) { try NATSSubject.check(name: name, "it") }
        }
    }
}
