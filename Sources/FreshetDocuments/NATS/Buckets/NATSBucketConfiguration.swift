// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// How a bucket is made.
public struct NATSBucketConfiguration: Sendable, Hashable {
    /// How many values of a key are kept: 1 to 64.
    public var history = 1

    /// How long a value lives; nil: for ever. The server does not tell watches when one dies of age.
    public var timeToLive: Duration?

    /// Where the server keeps it.
    public var storage = NATSStorage.file

    /// On how many servers of a cluster: 1 to 5.
    public var replicas = 1

    /// The most that all of it may be, in bytes; nil: no limit. Beyond it writes are refused.
    public var byteLimit: Int?

    /// The most that one value may be, in bytes; nil: as the server allows.
    public var valueLimit: Int?

    /// Makes a configuration; what is not a parameter is set on it.
    ///
    /// - Parameters:
    ///   - history: how many values of a key are kept.
    ///   - timeToLive: how long a value lives.
    ///   - storage: where the server keeps it.
    public init(history: Int = 1, timeToLive: Duration? = nil, storage: NATSStorage = .file) {
        self.history = history
        self.timeToLive = timeToLive
        self.storage = storage
    }

    func stream(_ bucket: String) -> JSONValue {
        let life = self.timeToLive.map { NATSStreamConfiguration.nanoseconds($0) } ?? 0
        let window = life > 0 ? min(life, 120_000_000_000) : 120_000_000_000
        return [
            "name": .string("KV_\(bucket)"),
            "subjects": [.string("$KV.\(bucket).>")],
            "max_msgs_per_subject": .integer(Int64(self.history)),
            "max_age": .integer(life),
            "max_bytes": .integer(self.byteLimit.map { Int64($0) } ?? -1),
            "max_msg_size": .integer(self.valueLimit.map { Int64($0) } ?? -1),
            "storage": .string(self.storage.rawValue),
            "num_replicas": .integer(Int64(self.replicas)),
            "retention": "limits",
            "discard": "new",
            "duplicate_window": .integer(window),
            "allow_rollup_hdrs": true,
            "allow_direct": true,
            "deny_delete": true,
        ]
    }
}
