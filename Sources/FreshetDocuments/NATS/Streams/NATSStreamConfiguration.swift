// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Where a server keeps a stream or a bucket.
public enum NATSStorage: String, Sendable, Hashable {
    /// On disk: it survives a restart.
    case file
    /// In memory.
    case memory
}

/// How a stream is made.
public struct NATSStreamConfiguration: Sendable, Hashable {
    /// The subjects whose messages it stores.
    public var subjects: [String]

    /// Where the server keeps it.
    public var storage = NATSStorage.file

    /// How many messages are kept, how many bytes, how long; nil: no limit. The oldest go first.
    public var messageLimit: Int?
    /// How many bytes are kept.
    public var byteLimit: Int?
    /// How long messages are kept.
    public var maximumAge: Duration?

    /// How many messages of one subject are kept; nil: no limit.
    public var messagesPerSubject: Int?

    /// For how long a message with an id that was stored already is recognised: 2 min.
    public var duplicateWindow: Duration = .seconds(120)

    /// On how many servers of a cluster: 1 to 5.
    public var replicas = 1

    /// Makes a configuration; what is not a parameter is set on it.
    ///
    /// - Parameters:
    ///   - subjects: the subjects whose messages it stores.
    ///   - storage: where the server keeps it.
    public init(subjects: [String], storage: NATSStorage = .file) {
        self.subjects = subjects
        self.storage = storage
    }

    func stream(_ name: String) -> JSONValue {
        [
            "name": .string(name),
            "subjects": .array(self.subjects.map { .string($0) }),
            "storage": .string(self.storage.rawValue),
            "max_msgs": .integer(self.messageLimit.map { Int64($0) } ?? -1),
            "max_bytes": .integer(self.byteLimit.map { Int64($0) } ?? -1),
            "max_age": .integer(self.maximumAge.map { Self.nanoseconds($0) } ?? 0),
            "max_msgs_per_subject": .integer(self.messagesPerSubject.map { Int64($0) } ?? -1),
            "duplicate_window": .integer(Self.nanoseconds(self.duplicateWindow)),
            "num_replicas": .integer(Int64(self.replicas)),
            "retention": "limits",
            "discard": "old",
            "allow_direct": true,
        ]
    }

    /// As JetStream wants durations; what is too long is as long as can be said.
    static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? Int64.max / 2 : whole + attoseconds / 1_000_000_000
    }
}
