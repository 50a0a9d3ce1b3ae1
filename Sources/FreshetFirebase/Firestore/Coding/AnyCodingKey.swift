// SPDX-License-Identifier: Apache-2.0

/// A key of a map, or an index.
struct AnyCodingKey: CodingKey {
    let stringValue: String
    let intValue: Int?

    init(_ key: String) {
        self.stringValue = key
        self.intValue = nil
    }

    init(_ index: Int) {
        self.stringValue = "\(index)"
        self.intValue = index
    }

    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { self.init(intValue) }
}
