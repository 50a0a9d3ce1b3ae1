// SPDX-License-Identifier: Apache-2.0

/// Texts in a row for C, each with its 0 at the end, in one piece of memory.
struct CTexts {
    private var bytes: [UInt8] = []
    private var starts: [Int] = []

    init() {
        self.bytes.reserveCapacity(1024)
        self.starts.reserveCapacity(16)
    }

    var count: Int { self.starts.count }

    /// Adds a text, which may be given in parts, and returns its place.
    @discardableResult
    mutating func append(_ text: String, _ second: String = "", _ third: String = "") -> Int {
        let start = self.bytes.count
        self.bytes.append(contentsOf: text.utf8)
        if !second.isEmpty { self.bytes.append(contentsOf: second.utf8) }
        if !third.isEmpty { self.bytes.append(contentsOf: third.utf8) }
        // C would take it for the end.
        if self.bytes[start...].contains(0) { self.bytes[start...].removeAll { $0 == 0 } }
        self.bytes.append(0)
        self.starts.append(start)
        return self.starts.count - 1
    }

    /// Pointers to them, valid during the call.
    func withPointers<Result>(_ body: (UnsafeBufferPointer<UnsafePointer<CChar>>) -> Result) -> Result {
        unsafe self.bytes.withUnsafeBytes { bytes in
            unsafe withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>.self, capacity: self.starts.count) {
                pointers in
                let texts = unsafe bytes.assumingMemoryBound(to: CChar.self)
                for (place, start) in self.starts.enumerated() {
                    guard let base = texts.baseAddress else { break }
                    unsafe pointers.initializeElement(at: place, to: base + start)
                }
                return unsafe body(UnsafeBufferPointer(pointers))
            }
        }
    }
}
