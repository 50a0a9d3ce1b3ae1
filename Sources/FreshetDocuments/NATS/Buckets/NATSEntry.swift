// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// One entry of a bucket, as the server has it: a value of a key, or that the key is gone.
struct NATSEntry {
    enum Operation { case put, delete, purge }

    let key: String
    let sequence: UInt64
    let operation: Operation
    let value: Bytes
    /// When it was stored, in nanoseconds since 1970; nil where it was not delivered by a consumer.
    let time: UInt64?

    var version: String { String(self.sequence) }

    /// What a consumer delivered. Nil for what is none of the bucket's.
    init?(_ frame: NATSFrame, in bucket: String) {
        guard let delivery = frame.delivery,
            let key = Self.key(of: frame.subject, in: bucket)
        else { return nil }
        self.key = key
        self.sequence = delivery.streamSequence
        self.operation = Self.operation(frame.headers)
        self.value = frame.value
        self.time = delivery.time
    }

    /// The answer to a direct get, which says in its headers what it is.
    init?(direct frame: NATSFrame, in bucket: String) {
        guard let headers = frame.headers, let subject = headers["Nats-Subject"],
            let key = Self.key(of: subject, in: bucket), let sequence = headers["Nats-Sequence"].flatMap({ UInt64($0) })
        else { return nil }
        self.key = key
        self.sequence = sequence
        self.operation = Self.operation(headers)
        self.value = frame.value
        self.time = nil
    }

    /// The answer to the older way of getting a message.
    init?(_ message: NATSStoredMessage, in bucket: String) {
        guard let key = Self.key(of: message.subject, in: bucket) else { return nil }
        self.key = key
        self.sequence = message.seq
        self.operation = Self.operation(message.hdrs.flatMap { NATSHeaders(parsing: Bytes(copying: $0)) })
        self.value = Bytes(copying: message.data ?? Data())
        self.time = nil
    }

    /// What is behind `$KV.`, the bucket's name, and a dot. By bytes: a listing has many.
    private static func key(of subject: Bytes, in bucket: String) -> String? {
        subject.withBytes { bytes in
            let name = bytes.dropFirst(4)
            let rest = name.dropFirst(bucket.utf8.count)
            guard bytes.starts(with: "$KV.".utf8), name.starts(with: bucket.utf8), rest.first == UInt8(ascii: ".")
            else {
                return nil
            }
            return String(decoding: rest.dropFirst(), as: UTF8.self)
        }
    }

    private static func key(of subject: String, in bucket: String) -> String? {
        self.key(of: Bytes(copying: subject.utf8), in: bucket)
    }

    private static func operation(_ headers: NATSHeaders?) -> Operation {
        switch headers?["KV-Operation"] {
        case "DEL": .delete
        case "PURGE": .purge
        default: .put
        }
    }

    var change: RawChange {
        switch self.operation {
        case .put: .put(RawDocument(key: self.key, version: self.version, value: self.value))
        case .delete, .purge: .delete(key: self.key, version: self.version)
        }
    }
}

/// A message as JetStream's API has it.
struct NATSStoredMessage: Decodable {
    var subject: String
    var seq: UInt64
    var hdrs: Data?
    var data: Data?
}

/// The answer with it.
struct NATSMessageReply: Decodable {
    var message: NATSStoredMessage
}
