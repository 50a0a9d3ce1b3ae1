// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// etcd's calls for reading and writing: JSON out, documents and versions in.
struct EtcdStore: Sendable {
    /// What there is in a range at one revision.
    struct Listing {
        var documents: [RawDocument] = []
        var revision: Int64 = 0
        /// The cluster's id: one that was restored from a backup gets another.
        var cluster: String?
    }

    let http: EtcdHTTP

    // MARK: - Reading

    func get(_ key: String) async throws(FreshetError) -> RawDocument {
        let answer = try await self.range(["key": .base64(try Self.bytes(of: key))])
        guard let document = try Self.documents(in: answer).first else { throw Self.notFound(key) }
        return document
    }

    /// Lists a range in pages, all of them at the revision of the first. When etcd compacts that away meanwhile, it begins anew.
    func list(_ range: EtcdRange, pageSize: Int) async throws(FreshetError) -> Listing {
        var attempts = 0
        while true {
            do throws(FreshetError) {
                return try await self.pages(of: range, pageSize)
            } catch {
                attempts += 1
                guard error.kind == .notFound, error.message.contains("compacted") else { throw error }
                guard attempts < 5 else {
                    throw FreshetError(
                        .interrupted,
                        "etcd was compacted each time before all documents were listed",
                        hint: "compact it less often, or raise the configuration's pageSize"
                    )
                }
            }
        }
    }

    private func pages(of range: EtcdRange, _ pageSize: Int) async throws(FreshetError) -> Listing {
        var listing = Listing()
        var (rest, limit) = (range, max(pageSize, 1))
        while true {
            var request: [String: JSONValue] = ["key": .base64(rest.key), "limit": .integer(Int64(limit))]
            if let end = rest.end { request["range_end"] = .base64(end) }
            if listing.revision > 0 { request["revision"] = .string(String(listing.revision)) }
            let answer: Bytes
            do throws(FreshetError) {
                answer = try await self.range(.object(request))
            } catch {
                guard error.kind == .messageTooLarge, limit > 1 else { throw error }
                limit /= 2
                continue
            }
            // Later pages tell the store's newest revision, not the one that they are of.
            if listing.revision == 0 {
                listing.revision = try Self.revision(of: answer)
                listing.cluster = EtcdJSON.member("header", of: answer)
                    .flatMap { EtcdJSON.member("cluster_id", of: $0) }.flatMap { EtcdJSON.text($0) }
            }
            let pairs = try Self.pairs(in: answer)
            for pair in pairs { listing.documents.append(try pair.document()) }
            guard EtcdJSON.member("more", of: answer).map({ EtcdJSON.isTrue($0) }) == true, let last = pairs.last else {
                return listing
            }
            rest = rest.after(try last.key())
        }
    }

    /// How many there are, which one is the newest, and at which revision that is so.
    func summary(of range: EtcdRange) async throws(FreshetError) -> EtcdSummary {
        var request: [String: JSONValue] = [
            "key": .base64(range.key), "limit": 1, "keys_only": true, "sort_order": "DESCEND", "sort_target": "MOD",
        ]
        if let end = range.end { request["range_end"] = .base64(end) }
        let answer = try await self.range(.object(request))
        return EtcdSummary(
            count: EtcdJSON.member("count", of: answer).flatMap { EtcdJSON.integer($0) } ?? 0,
            newest: try Self.pairs(in: answer).first?.modRevision ?? 0,
            revision: try Self.revision(of: answer)
        )
    }

    private func range(_ request: JSONValue) async throws(FreshetError) -> Bytes {
        try await self.http.call("v3/kv/range", request, isIdempotent: true)
    }

    // MARK: - Writing

    func put(_ key: String, _ value: Bytes) async throws(FreshetError) -> String {
        let answer = try await self.http.call("v3/kv/put", Self.putRequest(try Self.bytes(of: key), value))
        return String(try Self.revision(of: answer))
    }

    func delete(_ key: String) async throws(FreshetError) {
        let answer = try await self.http.call("v3/kv/deleterange", ["key": .base64(try Self.bytes(of: key))])
        let deleted = EtcdJSON.member("deleted", of: answer).flatMap { EtcdJSON.integer($0) } ?? 0
        if deleted == 0 { throw Self.notFound(key) }
    }

    /// Where a condition does not hold, the documents of all conditions are in the answer.
    func commit(_ transaction: EtcdTransaction) async throws(FreshetError) -> String {
        var (compare, failure, success): ([JSONValue], [JSONValue], [JSONValue]) = ([], [], [])
        for condition in transaction.conditions {
            let key = JSONValue.base64(try Self.bytes(of: condition.key))
            compare.append(try Self.compare(condition, key))
            failure.append(["request_range": ["key": key]])
        }
        for change in transaction.changes {
            switch change {
            case .put(let key, let value):
                success.append(["request_put": Self.putRequest(try Self.bytes(of: key), value)])
            case .delete(let key):
                success.append(["request_delete_range": ["key": .base64(try Self.bytes(of: key))]])
            }
        }
        let answer = try await self.http.call(
            "v3/kv/txn",
            ["compare": .array(compare), "success": .array(success), "failure": .array(failure)]
        )
        if EtcdJSON.member("succeeded", of: answer).map({ EtcdJSON.isTrue($0) }) == true {
            return String(try Self.revision(of: answer))
        }
        throw try Self.conflict(transaction.conditions, in: answer)
    }

    private static func compare(
        _ condition: EtcdTransaction.Condition,
        _ key: JSONValue
    ) throws(FreshetError) -> JSONValue {
        guard let version = condition.version else {
            return ["target": "CREATE", "key": key, "result": "EQUAL", "create_revision": "0"]
        }
        guard let revision = Int64(version), revision > 0 else {
            throw FreshetError(
                .invalidInput,
                "this is not a version of etcd's: \(version.prefix(40))",
                hint: "give the version of a document that was read, written or watched"
            )
        }
        return ["target": "MOD", "key": key, "result": "EQUAL", "mod_revision": .string(String(revision))]
    }

    /// The first condition that does not hold.
    private static func conflict(
        _ conditions: [EtcdTransaction.Condition],
        in answer: Bytes
    ) throws(FreshetError) -> FreshetError {
        let responses = EtcdJSON.member("responses", of: answer).flatMap { $0.elements } ?? []
        for (condition, response) in zip(conditions, responses) {
            guard let range = EtcdJSON.member("response_range", of: response) else { continue }
            let version = try Self.pairs(in: range).first.map { String($0.modRevision) }
            guard version != condition.version else { continue }
            let now = version.map { "is at version \($0)" } ?? "is not there"
            return FreshetError(
                .conflict(version: version),
                "\(condition.key) \(now), which is not what was required",
                hint: "read it again, and apply the change to what is there now"
            )
        }
        return FreshetError(.conflict(version: nil), "a condition of the transaction did not hold")
    }

    private static func putRequest(_ key: [UInt8], _ value: Bytes) -> JSONValue {
        ["key": .base64(key), "value": .base64(value.array)]
    }

    // MARK: - Answers

    private static func bytes(of key: String) throws(FreshetError) -> [UInt8] {
        let bytes = EtcdKey.bytes(key)
        guard !bytes.isEmpty else { throw FreshetError(.invalidInput, "an empty key is none") }
        return bytes
    }

    private static func notFound(_ key: String) -> FreshetError {
        FreshetError(
            .notFound,
            "there is no document \(key)",
            hint: "keys are whole keys, with the collection's prefix"
        )
    }

    private static func revision(of answer: Bytes) throws(FreshetError) -> Int64 {
        guard let header = EtcdJSON.member("header", of: answer),
            let revision = EtcdJSON.member("revision", of: header).flatMap({ EtcdJSON.integer($0) })
        else {
            throw FreshetError(
                .protocolViolation,
                "the server's answer has no revision",
                hint: "check that the URL is that of an etcd v3"
            )
        }
        return revision
    }

    private static func pairs(in answer: Bytes) throws(FreshetError) -> [EtcdKeyValue] {
        guard let array = EtcdJSON.member("kvs", of: answer) else { return [] }
        guard let elements = array.elements else { throw EtcdKeyValue.unreadable }
        var pairs: [EtcdKeyValue] = []
        pairs.reserveCapacity(elements.count)
        for element in elements { pairs.append(try EtcdKeyValue(element)) }
        return pairs
    }

    private static func documents(in answer: Bytes) throws(FreshetError) -> [RawDocument] {
        var documents: [RawDocument] = []
        for pair in try self.pairs(in: answer) { documents.append(try pair.document()) }
        return documents
    }
}
