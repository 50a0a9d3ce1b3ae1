// SPDX-License-Identifier: Apache-2.0

import Foundation
import FreshetFirebase
import Testing

/// The filters that servers send, and what they are made with.
struct FirestoreBloomFilterTests {
    @Test(
        "MD5 is what others say it is",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"), ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            (String(repeating: "a", count: 200), "887f30b43b2867f4a9accceee7d16e6c"),
        ]
    )
    func md5(_ text: String, _ digest: String) {
        let hexadecimal = MD5.digest(of: Array(text.utf8)).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        #expect(hexadecimal.joined() == digest)
    }

    @Test("Names that are in a filter are found in it, and of fifty others none")
    func names() throws {
        let bitmap = try #require(Data(base64Encoded: "9CJJI2LhBkkiskqA1GQvBg=="))
        let filter = try #require(FirestoreBloomFilter(bitmap: Array(bitmap), padding: 3, hashCount: 7))
        let found = (0..<60).filter { filter.mayContain("projects/demo/databases/(default)/documents/users/u\($0)") }
        #expect(found == Array(0..<10))
    }

    @Test("What cannot be a filter is none")
    func bad() {
        #expect(FirestoreBloomFilter(bitmap: [1], padding: 8, hashCount: 1) == nil)
        #expect(FirestoreBloomFilter(bitmap: [1], padding: -1, hashCount: 1) == nil)
        #expect(FirestoreBloomFilter(bitmap: [], padding: 0, hashCount: 0) == nil)
        #expect(FirestoreBloomFilter(bitmap: [1], padding: 0, hashCount: -1) == nil)
        #expect(FirestoreBloomFilter(bitmap: [1], padding: 7, hashCount: 1) != nil)
    }
}
