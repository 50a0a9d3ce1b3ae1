// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase
import Testing

/// Payloads of a WebChannel, cut anywhere.
struct WebChannelDecoderTests {
    /// As Google's emulator sends them, and as its servers do: pretty, with a newline that is counted.
    private static let payloads = [
        #"[[0,["c","Bq9iWr5w","",8,12,30000]]]"#,
        #"[[1,["noop"]]]"#,
        #"[[2,[{"documentChange":{"document":{"fields":{"é":{"stringValue":"漢😀 𝒳"}}}}}]]]"#,
        "[[3,[{\n  \"targetChange\": {\n    \"readTime\": \"2024-01-02T03:04:05.123456Z\"\n  }\n}\n]]]\n",
    ]

    private static var body: [UInt8] {
        self.payloads.flatMap { Array("\($0.utf16.count)\n\($0)".utf8) }
    }

    @Test("Lengths count UTF-16 units: a face is two of them, and four bytes")
    func lengths() throws {
        var decoder = WebChannelDecoder()
        // What the emulator was measured to say of such a text.
        #expect(try decoder.decode(Bytes(copying: "6\n\"é漢😀\"".utf8)).map(\.text) == ["\"é漢😀\""])
        #expect(decoder.isBetweenPayloads)
    }

    @Test("Cut in two at every byte, also inside a character, the payloads are the same")
    func cuts() throws {
        for cut in 0...Self.body.count {
            var decoder = WebChannelDecoder()
            var payloads = try decoder.decode(Bytes(copying: Self.body[..<cut]))
            payloads += try decoder.decode(Bytes(copying: Self.body[cut...]))
            #expect(payloads.map(\.text) == Self.payloads, "cut at \(cut)")
            #expect(decoder.isBetweenPayloads)
        }
    }

    @Test("Byte by byte they are the same, and an end within one is known")
    func single() throws {
        var decoder = WebChannelDecoder()
        var payloads: [String] = []
        var ends = 0
        for byte in Self.body {
            payloads += try decoder.decode(Bytes(copying: [byte])).map(\.text)
            if decoder.isBetweenPayloads { ends += 1 }
        }
        #expect(payloads == Self.payloads)
        #expect(ends == Self.payloads.count)
    }

    @Test(
        "What is no length, and a length that lies, are errors",
        arguments: [
            ("<!DOCTYPE html>", WebChannelDecoder.Failure.noLength), ("\n[]", .noLength), ("0\n", .noLength),
            ("-2\n[]", .noLength), ("9999999999\n[]", .noLength), ("999999999\n[]", .tooLong),
            // One unit short: the length ends within the face.
            ("4\n\"é漢😀\"", .notText), ("2\n[]]", .noLength), ("12 \n", .noLength),
        ]
    )
    func nonsense(body: String, failure: WebChannelDecoder.Failure) {
        var decoder = WebChannelDecoder()
        #expect(throws: failure) { try decoder.decode(Bytes(copying: body.utf8)) }
    }

    @Test("Bytes that are no text are an error", arguments: [[0xFF], [0x80], [0xC3, 0x41], [0xF5, 0x80, 0x80, 0x80]])
    func bytes(_ bytes: [UInt8]) {
        var decoder = WebChannelDecoder()
        #expect(throws: WebChannelDecoder.Failure.notText) {
            try decoder.decode(Bytes(copying: Array("9\n".utf8) + bytes))
        }
    }
}
