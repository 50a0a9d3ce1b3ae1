// SPDX-License-Identifier: Apache-2.0

/// What a process used over time. When the room is used up, every second one goes.
package struct Samples: Sendable, Hashable, Codable {
    package struct Sample: Sendable, Hashable, Codable {
        package var us: Int
        package var descriptors: Int
        package var resident: Int
        package var inUse: Int?
    }

    package static let room = 600

    package private(set) var all: [Sample] = []
    package private(set) var maxDescriptors = 0
    package private(set) var maxResident = 0
    private var every = 1
    private var count = 0

    mutating func add(_ sample: Sample) {
        self.maxDescriptors = max(self.maxDescriptors, sample.descriptors)
        self.maxResident = max(self.maxResident, sample.resident)
        defer { self.count += 1 }
        guard self.count.isMultiple(of: self.every) else { return }
        self.all.append(sample)
        guard self.all.count > Self.room else { return }
        self.every *= 2
        self.all = stride(from: 0, to: self.all.count, by: 2).map { self.all[$0] }
    }
}

/// The time of one fault.
package struct FaultBand: Sendable, Hashable, Codable {
    package var id: String
    package var number: Int
    /// In µs.
    package var began: Int
    package var ended: Int?

    /// More are not drawn.
    package static let room = 2_000

    package init(id: String, number: Int, began: Int, ended: Int? = nil) {
        self.id = id
        self.number = number
        self.began = began
        self.ended = ended
    }
}
