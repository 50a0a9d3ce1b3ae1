// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import Testing

struct PositionTests {
    @Test(
        "A position that was saved is the same when it is read",
        arguments: [
            "abc/def==", "", "a\"b\\\n", .integer(.max), .integer(.min), 0, 1.5, true, nil, ["a", 1],
            ["seq": 7, "of": "s"],
        ] as [JSONValue]
    )
    func roundTrip(_ value: JSONValue) throws {
        let position = Position(value)
        let data = try JSONEncoder().encode(["saved": position])
        #expect(try JSONDecoder().decode([String: Position].self, from: data) == ["saved": position])
    }

    @Test("It is saved as the source's token, and nothing around it")
    func bare() throws {
        #expect(String(decoding: try JSONEncoder().encode([Position("c"), Position(7)]), as: UTF8.self) == #"["c",7]"#)
    }

    @Test("Only whole numbers have an order")
    func order() {
        #expect(Position(1).isBefore(Position(2)))
        #expect(!Position(2).isBefore(Position(2)))
        #expect(!Position(3).isBefore(Position(2)))
        #expect(Position(9).isBefore(Position(10)))
        #expect(!Position("a").isBefore(Position("b")))
        #expect(!Position(1).isBefore(Position("2")))
        #expect(!Position(1.0).isBefore(Position(2.0)))
    }
}
