// SPDX-License-Identifier: Apache-2.0

/// An input, taken from its beginning: settings first, then what is to be read.
struct FuzzInput {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        self.rest = bytes[...]
    }

    /// The next byte; 0 after the end.
    mutating func byte() -> UInt8 { self.rest.popFirst() ?? 0 }

    /// The next bytes, as many as there are of them.
    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { self.rest = self.rest.dropFirst(count) }
        return Array(self.rest.prefix(count))
    }

    /// So that a short input can be a long message: F5, which UTF-8 does not have, then n, then b stand for 64 · n times b.
    static func expanded(_ bytes: some Collection<UInt8>, limit: Int) -> [UInt8] {
        var output: [UInt8] = []
        var input = FuzzInput(Array(bytes))
        while !input.rest.isEmpty, output.count < limit {
            let byte = input.byte()
            if byte == 0xF5, input.rest.count >= 2 {
                let count = 64 * Int(input.byte())
                output += repeatElement(input.byte(), count: count)
            } else {
                output.append(byte)
            }
        }
        return Array(output.prefix(limit))
    }
}
