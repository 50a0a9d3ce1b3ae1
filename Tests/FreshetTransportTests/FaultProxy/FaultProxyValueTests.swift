// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetTestSupport

/// The values inside of a proxy: what cuts a stream into pieces, and what lets it out again.
@Suite
struct FaultProxyValueTests {
    // MARK: - Cutting

    private struct Cut: Equatable {
        var heads = 0
        var texts: [String] = []
        var bytes: [UInt8] = []
    }

    /// All pieces of a stream that comes in two parts. After the first head frames follow.
    private static func cut(_ stream: [UInt8], at split: Int) -> Cut {
        var cutter = StreamCutter(of: .client)
        var cut = Cut()
        for part in [stream.prefix(split), stream.dropFirst(split)] {
            cutter.append(Array(part))
            while let piece = cutter.next() {
                switch piece {
                case .head(let bytes):
                    cut.heads += 1
                    cut.bytes += bytes
                    cutter.expect(.frames)
                case .frame(let frame):
                    cut.texts.append(String(decoding: frame.payload, as: UTF8.self))
                    cut.bytes += frame.bytes
                case .bytes(let bytes): cut.bytes += bytes
                }
            }
        }
        cut.bytes += cutter.takeRest()
        return cut
    }

    @Test("A stream is cut into the same pieces at every split, and they are the bytes that came")
    func splits() {
        let long = String(repeating: "x", count: 300)
        let stream =
            ProxyPeer.upgrade + FrameWriter.frame(.text, Bytes(copying: "one".utf8), mask: 0x0102_0304)
            + FrameWriter.frame(.ping, Bytes(copying: []), mask: 5)
            + FrameWriter.frame(.text, Bytes(copying: long.utf8), mask: 0xFFEE_DDCC) + RawConnection.frame(0xF7, [0x41])
            + [0x82, 0x7F, 0, 0]
        let whole = Self.cut(stream, at: stream.count)
        #expect(whole.heads == 1)
        #expect(whole.texts == ["one", "", long, "A"])
        #expect(whole.bytes == stream)
        for split in 0..<stream.count { #expect(Self.cut(stream, at: split) == whole, "at \(split)") }
    }

    @Test("What is not HTTP, and a frame of more than 16 MiB, goes on as bytes")
    func raw() {
        var cutter = StreamCutter(of: .client)
        cutter.append(Array("CONNECT {}\r\nPING\r\n".utf8))
        guard case .bytes(let bytes) = cutter.next() else {
            Issue.record("no bytes")
            return
        }
        #expect(bytes == Array("CONNECT {}\r\nPING\r\n".utf8))
        #expect(cutter.mode == .raw)
        var server = StreamCutter(of: .server)
        server.expect(.frames)
        server.append([0x82, 0x7F, 0x80, 0, 0, 0, 0, 0, 0, 0, 9])
        guard case .bytes(let frame) = server.next() else {
            Issue.record("no bytes")
            return
        }
        #expect(frame.count == 11)
        #expect(server.mode == .raw)
    }

    // MARK: - The pipe

    /// What leaves a pipe, and when.
    private static func run(
        _ pipe: inout ProxyPipe,
        _ conditions: NetworkConditions
    ) -> [(time: Duration, bytes: [UInt8])] {
        var all: [(time: Duration, bytes: [UInt8])] = []
        while let due = pipe.due {
            guard case .bytes(let bytes) = pipe.next(at: due, conditions) else { break }
            all.append((due, Array(bytes)))
            pipe.wrote(bytes.count, at: due, conditions)
        }
        return all
    }

    @Test("net.latency, jitter: later, never out of order, and the same with the same seed")
    func latency() {
        var conditions = NetworkConditions()
        conditions.latency = .milliseconds(100)
        conditions.jitter = .milliseconds(80)
        func times(_ seed: UInt64) -> [Duration] {
            var pipe = ProxyPipe(seed: seed)
            for byte in UInt8(0)..<50 { pipe.append([byte], at: .milliseconds(Int(byte)), conditions) }
            let all = Self.run(&pipe, conditions)
            #expect(all.flatMap(\.bytes) == Array(0..<50))
            return all.map(\.time)
        }
        let times7 = times(7)
        #expect(times7 == times7.sorted())
        #expect(times7 == times(7))
        #expect(times7 != times(8))
        #expect(times7.allSatisfy { $0 >= .milliseconds(100) && $0 < .milliseconds(230) })
        #expect(Set(times7).count > 5)
    }

    @Test("net.slice, net.slowdrip: segments of the sizes wanted, and a pause after each")
    func segments() {
        var conditions = NetworkConditions()
        conditions.segments = 1...7
        var pipe = ProxyPipe(seed: 1)
        let stream = (0..<1000).map { UInt8($0 & 0xFF) }
        pipe.append(Array(stream.prefix(400)), at: .zero, conditions)
        pipe.append(Array(stream.dropFirst(400)), at: .zero, conditions)
        let all = Self.run(&pipe, conditions)
        #expect(all.flatMap(\.bytes) == stream)
        #expect(Set(all.map(\.bytes.count)) == Set(1...7))
        #expect(all.allSatisfy { $0.time == .zero })
        conditions.segments = 1...1
        conditions.pause = .seconds(1)
        pipe.append([1, 2, 3], at: .zero, conditions)
        let drip = Self.run(&pipe, conditions)
        #expect(drip.map(\.bytes) == [[1], [2], [3]])
        #expect(drip.map(\.time) == [.zero, .seconds(1), .seconds(2)])
        #expect(pipe.isEmpty)
        #expect(pipe.count == 0)
    }

    @Test("net.bandwidth: so much in a second")
    func bandwidth() {
        var conditions = NetworkConditions()
        conditions.bytesPerSecond = 1000
        var pipe = ProxyPipe(seed: 1)
        pipe.append([UInt8](repeating: 0, count: 2000), at: .zero, conditions)
        let all = Self.run(&pipe, conditions)
        #expect(all.count == 40)
        #expect(all.last?.time == .milliseconds(1950))
    }

    @Test("A part that the socket did not take is written later; the end comes after all of it")
    func partial() {
        let conditions = NetworkConditions()
        var pipe = ProxyPipe(seed: 1)
        pipe.append([1, 2, 3], at: .zero, conditions)
        pipe.end(.relayed, at: .zero, conditions)
        _ = pipe.next(at: .zero, conditions)
        pipe.wrote(2, at: .zero, conditions)
        #expect(pipe.isInside)
        guard case .bytes(let rest) = pipe.next(at: .zero, conditions) else {
            Issue.record("no bytes")
            return
        }
        #expect(Array(rest) == [3])
        pipe.wrote(1, at: .zero, conditions)
        guard case .end(.relayed) = pipe.next(at: .zero, conditions) else {
            Issue.record("no end")
            return
        }
        pipe.removeEnd()
        #expect(pipe.isEmpty)
        #expect(pipe.due == nil)
    }
}
