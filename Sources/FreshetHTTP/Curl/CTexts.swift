// SPDX-License-Identifier: Apache-2.0

/// Texts in a row for C, each with its 0 at the end, in one piece of memory.
struct CTexts {
    private var bytes: [CChar] = []
    private var starts: [Int] = []

    mutating func append(_ text: String) {
        self.starts.append(self.bytes.count)
        for byte in text.utf8 where byte != 0 { self.bytes.append(CChar(bitPattern: byte)) }
        self.bytes.append(0)
    }

    /// Pointers to them, valid during the call.
    func withPointers<Result>(_ body: ([UnsafePointer<CChar>]) -> Result) -> Result {
        unsafe self.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return unsafe body([]) }
            return unsafe body(self.starts.map { unsafe base + $0 })
        }
    }
}
