// SPDX-License-Identifier: Apache-2.0

extension Bytes {
    /// The elements of this JSON array, not parsed; nil where it is none.
    package var elements: [Bytes]? {
        let ranges = self.withBytes { bytes -> [Range<Int>]? in
            do throws(JSONScanner.Failure) {
                var scanner = try JSONScanner(array: bytes)
                var ranges: [Range<Int>] = []
                while let range = try scanner.nextElement() { ranges.append(range) }
                return ranges
            } catch {
                return nil
            }
        }
        return ranges?.map { self[$0] }
    }
}
