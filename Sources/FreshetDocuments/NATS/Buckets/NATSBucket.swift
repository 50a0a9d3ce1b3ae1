// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// A bucket of keys and values: documents that others change too.
///
/// Its versions are the revisions of NATS, in decimal.
public struct NATSBucket<Value: Sendable>: DocumentCollection {
    /// The bucket's name.
    public let name: String
    let client: NATSClient
    let coding: DocumentCoding<Value>
    /// Which keys are listed and watched.
    var filter = ">"
    /// What is wrong with its name or filter.
    var refusal: FreshetError?

    init(_ name: String, _ client: NATSClient, _ coding: DocumentCoding<Value>) {
        self.name = name
        self.client = client
        self.coding = coding
        do throws(FreshetError) {
            try NATSSubject.check(name: name, "the name of a bucket")
        } catch {
            self.refusal = error
        }
    }

    /// The same bucket, of which only some keys are listed and watched.
    ///
    /// - Parameter filter: the keys: `*` stands for one token between dots, `>` for all the rest, as in `users.*` or `users.>`.
    /// - Returns: the bucket. Keys outside of the filter can be read and written by their names.
    public func keys(_ filter: String) -> NATSBucket {
        var bucket = self
        bucket.filter = filter
        do throws(FreshetError) {
            try NATSSubject.check(key: filter, wildcards: true)
        } catch {
            bucket.refusal = bucket.refusal ?? error
        }
        return bucket
    }

    var stream: String { "KV_\(self.name)" }
    var reader: NATSBucketReader { NATSBucketReader(bucket: self.name) }

    func subject(of key: String) throws(FreshetError) -> String {
        if let refusal = self.refusal { throw refusal }
        try NATSSubject.check(key: key)
        return "$KV.\(self.name).\(key)"
    }
}

extension NATSClient {
    /// A bucket whose values are JSON. Nothing is asked of the server by this: a bucket that is not there is told by its operations, as
    /// `.notFound`.
    ///
    /// - Parameters:
    ///   - name: of the bucket, not of its stream: `users`, not `KV_users`.
    ///   - type: what the values are.
    /// - Returns: the bucket.
    public func bucket<Value: Codable & Sendable>(_ name: String, of type: Value.Type) -> NATSBucket<Value> {
        NATSBucket(name, self, .json)
    }

    /// A bucket whose values are coded in another way, such as `.bytes`.
    ///
    /// - Parameters:
    ///   - name: of the bucket.
    ///   - coding: how values become bytes, and bytes values.
    /// - Returns: the bucket.
    public func bucket<Value: Sendable>(_ name: String, coding: DocumentCoding<Value>) -> NATSBucket<Value> {
        NATSBucket(name, self, coding)
    }

    /// Makes a bucket; nothing happens when it is there with the same configuration already.
    ///
    /// - Parameters:
    ///   - name: its name.
    ///   - configuration: what it keeps.
    /// - Throws: `.conflict` when there is one with another configuration, `.outcomeUnknown`, `.operationFailed` when the server
    ///   does not allow it, or what ended the connection.
    public func createBucket(
        _ name: String,
        _ configuration: NATSBucketConfiguration = NATSBucketConfiguration()
    ) async throws(FreshetError) {
        try NATSSubject.check(name: name, "the name of a bucket")
        guard (1...64).contains(configuration.history) else {
            throw FreshetError(.invalidInput, "a bucket keeps 1 to 64 values of a key, not \(configuration.history)")
        }
        // Made twice it is the same one: so it may be asked for again.
        _ = try await self.api("STREAM.CREATE.KV_\(name)", configuration.stream(name), as: NATSStreamInfo.self)
    }

    /// Deletes a bucket with all that is in it.
    ///
    /// - Parameter name: its name.
    /// - Throws: `.notFound`, `.outcomeUnknown`, or what ended the connection.
    public func deleteBucket(_ name: String) async throws(FreshetError) {
        try NATSSubject.check(name: name, "the name of a bucket")
        self.forgetDirectGets("KV_\(name)")
        _ = try await self.api("STREAM.DELETE.KV_\(name)", changes: true, as: NATSDone.self)
    }
}

/// The answer to what has none but that it is done.
struct NATSDone: Decodable, Sendable {}
