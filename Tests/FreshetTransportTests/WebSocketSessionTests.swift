// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

struct WebSocketSessionTests {
    private enum Step: Equatable {
        case deliver([String])
        case write(Opcode, [UInt8], droppingData: Bool = false)
        case startCloseDeadline, finishSocket, abandonSocket, ponged
        case ended(ConnectionEnd)

        init(_ action: WebSocketSession.Action) {
            switch action {
            case .deliver(let batches): self = .deliver(batches.joined().map(\.text))
            case .pong(let payload): self = .write(.pong, payload.array)
            case .close(let frame, let droppingData):
                self = .write(.close, frame.payload.array, droppingData: droppingData)
            case .ponged(_): self = .ponged
            case .startCloseDeadline: self = .startCloseDeadline
            case .finishSocket: self = .finishSocket
            case .abandonSocket: self = .abandonSocket
            case .ended(let end): self = .ended(end)
            }
        }
    }

    private struct Driver: ~Copyable {
        private var session = WebSocketSession(messageLimit: 100)

        mutating func on(_ event: WebSocketSession.Event) -> [Step] {
            session.on(event).map(Step.init)
        }

        mutating func received(_ frames: [UInt8]...) -> [Step] {
            on(.received(Bytes(copying: frames.flatMap { $0 })))
        }

        mutating func close(_ code: UInt16 = 1000, as end: ConnectionEnd = .ours) -> [Step] {
            on(.close(CloseFrame(code: code, reason: ""), as: end))
        }
    }

    private static let gone = FreshetError(.closed(code: 1006), "gone")
    private static let normal: [UInt8] = [0x03, 0xE8]
    private static let closing: [UInt8] = [0x88, 0x02, 0x03, 0xE8]
    private static let violation: [UInt8] = [0xC1, 0x00]
    private static let violated = ConnectionEnd.failure(
        FreshetError(.protocolViolation, "the server broke the WebSocket protocol: a frame has a reserved bit set")
    )

    private func text(_ text: String) -> [UInt8] { [0x81, UInt8(text.utf8.count)] + Array(text.utf8) }

    @Test("All messages of a read are delivered at once, in order")
    func messages() {
        var driver = Driver()
        #expect(driver.received(text("a"), text("b"), [0x82, 1, 0x63]) == [.deliver(["a", "b", "c"])])
        #expect(driver.received([0x81]) == [])
        #expect(driver.received([1, 0x64]) == [.deliver(["d"])])
    }

    @Test("A ping is answered with its payload, a pong with nothing")
    func ping() {
        var driver = Driver()
        #expect(driver.received([0x89, 3, 1, 2, 3]) == [.write(.pong, [1, 2, 3])])
        #expect(driver.received([0x89, 0]) == [.write(.pong, [])])
        #expect(driver.received([0x8A, 1, 7]) == [.ponged])
        #expect(
            driver.received([0x89, 1, 1], text("a"), [0x89, 1, 2]) == [
                .write(.pong, [1]), .write(.pong, [2]), .deliver(["a"]),
            ]
        )
    }

    @Test("We close: frame, deadline, the peer's answer, end")
    func closedByUs() {
        var driver = Driver()
        #expect(driver.close() == [.write(.close, Self.normal), .startCloseDeadline])
        #expect(driver.received(Self.closing) == [.finishSocket])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.ours)])
    }

    @Test(
        "The end is what we said it would be, whatever code the peer answers",
        arguments: [[], [0x0F, 0xA0]] as [[UInt8]]
    )
    func ourEnd(_ answer: [UInt8]) {
        let end = ConnectionEnd.failure(FreshetError(.timeout(.acknowledge), "slow"))
        var driver = Driver()
        #expect(driver.close(4504, as: end) == [.write(.close, [0x11, 0x98]), .startCloseDeadline])
        #expect(driver.received([0x88, UInt8(answer.count)] + answer) == [.finishSocket])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(end)])
    }

    @Test("The peer closes: what came before is delivered, its code is answered, its reason is told")
    func closedByPeer() {
        var driver = Driver()
        #expect(
            driver.received(text("a"), [0x89, 0], [0x88, 5, 0x0F, 0xA0, 0x62, 0x79, 0x65], text("b")) == [
                .write(.pong, []), .deliver(["a"]), .write(.close, [0x0F, 0xA0], droppingData: true),
                .startCloseDeadline,
                .finishSocket,
            ]
        )
        #expect(driver.received(text("c")) == [])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.closeFrame(code: 4000, reason: "bye"))])
    }

    @Test("A close without a code is answered without one, and is 1005")
    func closedWithoutCode() {
        var driver = Driver()
        #expect(
            driver.received([0x88, 0]) == [
                .write(.close, [], droppingData: true), .startCloseDeadline, .finishSocket,
            ]
        )
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.closeFrame(code: 1005, reason: ""))])
    }

    @Test("Our close after the peer's changes nothing")
    func closedByBoth() {
        var driver = Driver()
        _ = driver.received(Self.closing)
        #expect(driver.close() == [])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.closeFrame(code: 1000, reason: ""))])
    }

    @Test("After our close nothing is delivered, answered, and closing again is no second frame")
    func afterOurClose() {
        var driver = Driver()
        _ = driver.close()
        #expect(driver.received(text("a"), [0x89, 1, 1]) == [])
        #expect(driver.close(4000, as: .failure(Self.gone)) == [])
        #expect(driver.received(text("b"), Self.closing) == [.finishSocket])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.ours)])
    }

    @Test("A peer that does not answer our close is abandoned")
    func closeDeadline() {
        var driver = Driver()
        #expect(driver.on(.closeDeadline) == [])
        _ = driver.close()
        #expect(driver.on(.closeDeadline) == [.abandonSocket])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.ours)])
        #expect(driver.on(.closeDeadline) == [])
    }

    @Test("A violation is closed with 1002 and is the end; messages before it in the same read are delivered")
    func protocolError() {
        var driver = Driver()
        #expect(
            driver.received(text("a"), Self.violation, text("b")) == [
                .deliver(["a"]), .write(.close, [0x03, 0xEA], droppingData: true), .startCloseDeadline,
            ]
        )
        // Read and not understood, until the peer ends the connection or the deadline does.
        #expect(driver.received(text("c"), Self.violation) == [])
        #expect(driver.on(.closeDeadline) == [.abandonSocket])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(Self.violated)])
    }

    @Test("A message beyond the limit is closed with 1009, and the error names the setting")
    func tooLarge() {
        var driver = Driver()
        #expect(
            driver.received(text("a"), [0x81, 101]) == [
                .deliver(["a"]), .write(.close, [0x03, 0xF1], droppingData: true), .startCloseDeadline,
            ]
        )
        let error = FreshetError(
            .messageTooLarge,
            "the server sent a message of more than 100 bytes",
            hint: "raise messageLimit if messages of this size are expected"
        )
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.failure(error))])
    }

    @Test(
        "A close frame that breaks the rules is a violation",
        arguments: [[0x88, 1, 3], [0x88, 2, 0x03, 0xED]] as [[UInt8]]
    )
    func badClose(_ frame: [UInt8]) throws {
        var driver = Driver()
        #expect(
            driver.received(text("a"), frame) == [
                .deliver(["a"]), .write(.close, [0x03, 0xEA], droppingData: true), .startCloseDeadline,
            ]
        )
        let steps = driver.on(.socketEnded(Self.gone))
        guard case .ended(.failure(let error, nil)) = try #require(steps.first) else {
            Issue.record("this is not a failure: \(steps)")
            return
        }
        #expect(error.kind == .protocolViolation)
    }

    @Test("A violation while closing abandons the socket; the end stays ours")
    func violationWhileClosing() {
        var driver = Driver()
        _ = driver.close()
        #expect(driver.received(text("a"), Self.violation) == [.abandonSocket])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.ours)])
    }

    @Test(
        "What comes after the peer's close frame is not understood, in its read or in the next",
        arguments: [false, true]
    )
    func violationAfterClose(closing: Bool) {
        let answer: [Step] =
            closing ? [] : [.write(.close, Self.normal, droppingData: true), .startCloseDeadline]
        var together = Driver()
        if closing { _ = together.close() }
        #expect(together.received(Self.closing, Self.violation) == answer + [.finishSocket])
        var apart = Driver()
        if closing { _ = apart.close() }
        #expect(apart.received(Self.closing) == answer + [.finishSocket])
        #expect(apart.received(Self.violation, Self.closing) == [])
    }

    @Test("After a violation while closing nothing more is understood")
    func deafAfterViolation() {
        var driver = Driver()
        _ = driver.close()
        #expect(driver.received(Self.violation) == [.abandonSocket])
        #expect(driver.received(Self.closing, Self.violation) == [])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.ours)])
    }

    @Test("A socket that breaks is an end with its error")
    func broken() {
        var driver = Driver()
        _ = driver.received(text("a"), [0x81, 5, 0x61])
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(.failure(Self.gone))])
    }

    @Test("There is exactly one end, and nothing after it", arguments: [false, true])
    func endsOnce(closing: Bool) {
        var driver = Driver()
        if closing { _ = driver.close() }
        #expect(driver.on(.socketEnded(Self.gone)) == [.ended(closing ? .ours : .failure(Self.gone))])
        #expect(driver.on(.socketEnded(Self.gone)) == [])
        #expect(driver.received(text("a"), [0x89, 0], Self.closing) == [])
        #expect(driver.received(Self.violation) == [])
        #expect(driver.close() == [])
        #expect(driver.on(.closeDeadline) == [])
    }
}
