// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport
import Testing

struct CloseFrameTests {
    private func parse(_ payload: [UInt8]) throws(WebSocketFailure) -> CloseFrame {
        try CloseFrame(parsing: Bytes(copying: payload))
    }

    @Test("The payload is the code, then the reason")
    func payload() {
        #expect(CloseFrame(code: 1000, reason: "bye").payload.array == [0x03, 0xE8, 0x62, 0x79, 0x65])
        #expect(CloseFrame(code: 4504, reason: "").payload.array == [0x11, 0x98])
        #expect(CloseFrame(code: CloseFrame.noStatus, reason: "").payload.array == [])
    }

    @Test(
        "D7 A long reason is cut at 123 bytes, between characters",
        arguments: [
            (String(repeating: "é", count: 100), String(repeating: "é", count: 61)),
            (String(repeating: "a", count: 200), String(repeating: "a", count: 123)),
            (String(repeating: "a", count: 123), String(repeating: "a", count: 123)),
            (String(repeating: "a", count: 122) + "é", String(repeating: "a", count: 122)),
            (String(repeating: "👩‍👩‍👧‍👦", count: 5), String(repeating: "👩‍👩‍👧‍👦", count: 4)),
        ]
    )
    func longReason(_ reason: String, _ cut: String) throws {
        let payload = CloseFrame(code: 4005, reason: reason).payload
        #expect(payload.count <= 125)
        #expect(try parse(payload.array) == CloseFrame(code: 4005, reason: cut))
    }

    @Test("What was written can be read")
    func roundTrip() throws {
        for frame in [CloseFrame(code: 1000, reason: ""), CloseFrame(code: 4499, reason: "Grüße 😀")] {
            #expect(try parse(frame.payload.array) == frame)
        }
    }

    @Test("No payload is no status")
    func noStatus() throws {
        #expect(try parse([]) == CloseFrame(code: 1005, reason: ""))
    }

    @Test("A payload of one byte is a violation")
    func oneByte() {
        #expect(throws: WebSocketFailure.protocolError("a close frame of one byte")) { try parse([3]) }
    }

    @Test(
        "Codes that a server may send",
        arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
            as [UInt16]
    )
    func goodCode(_ code: UInt16) throws {
        let frame = try parse([UInt8(code >> 8), UInt8(code & 0xFF)])
        #expect(frame == CloseFrame(code: code, reason: ""))
    }

    @Test(
        "Codes that must not be sent",
        arguments: [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] as [UInt16]
    )
    func badCode(_ code: UInt16) {
        #expect(throws: WebSocketFailure.protocolError("the close code \(code) must not be sent")) {
            try parse([UInt8(code >> 8), UInt8(code & 0xFF)])
        }
    }

    @Test(
        "A reason that is not UTF-8 is a violation",
        arguments: [[0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x61, 0x80]] as [[UInt8]]
    )
    func badReason(_ reason: [UInt8]) {
        #expect(throws: WebSocketFailure.notUTF8) {
            try parse([0x03, 0xE8] + reason)
        }
    }
}
