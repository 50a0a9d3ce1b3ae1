// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import HTTPTypes

/// Keeps answers that have an `ETag` or a `Last-Modified`, and asks the next time only whether they have changed
/// (RFC 9110 13.1). An answer of 304 becomes the one that is kept: the caller sees a 200.
///
/// The server is asked each time, so nothing is ever stale. Put it after ``AuthenticationMiddleware``: then what one user has
/// got is not kept for another.
public struct ConditionalCacheMiddleware: HTTPMiddleware {
    private struct Key: Hashable {
        let target: HTTPTarget
        /// What may make another answer of it, or say who asks.
        let fields: HTTPFields
    }

    private struct Entry {
        let response: HTTPResponse
        let body: Bytes
        let size: Int
        var lastUse: UInt64
    }

    private struct Store {
        var entries: [Key: Entry] = [:]
        var size = 0
        var uses: UInt64 = 0
    }

    private let limit: Int
    private let store = Locked(Store())

    /// Makes the middleware.
    ///
    /// - Parameter limit: how many bytes of answers are kept; those that were not used for the longest time go first.
    public init(limit: Int = 8 << 20) {
        self.limit = limit
    }

    /// Asks whether what is kept has changed.
    ///
    /// - Parameters:
    ///   - call: what is asked.
    ///   - next: the rest of the way to the server.
    /// - Returns: the reply; what was kept, after 304.
    /// - Throws: why there is none.
    public func intercept(_ call: HTTPCall, next: HTTPNext) async throws(FreshetError) -> HTTPReply {
        // Streams are not kept, and a caller's own condition is the caller's.
        guard call.request.method == .get, call.collectsBody, !Self.hasCondition(call.request.headerFields) else {
            return try await next(call)
        }
        let key = Self.key(of: call.request)
        let kept = self.use(key)
        var conditional = call
        if let kept {
            conditional.request.headerFields[.ifNoneMatch] = kept.response.headerFields[.eTag]
            conditional.request.headerFields[.ifModifiedSince] = kept.response.headerFields[.lastModified]
        }
        let reply = try await next(conditional)
        if let kept, reply.response.status == .notModified {
            // The server may have news about what is kept (RFC 9111 4.3.4).
            var response = kept.response
            for field in reply.response.headerFields where !Self.ofBody.contains(field.name) {
                response.headerFields[values: field.name] = reply.response.headerFields[values: field.name]
            }
            return HTTPReply(response, body: HTTPBody(kept.body))
        }
        self.keep(reply, for: key)
        return reply
    }

    private static func hasCondition(_ fields: HTTPFields) -> Bool {
        fields.contains(.ifNoneMatch) || fields.contains(.ifModifiedSince) || fields.contains(.ifMatch)
            || fields.contains(.range)
    }

    private static func key(of request: HTTPRequest) -> Key {
        var fields = request.headerFields
        for name in Self.irrelevant { fields[name] = nil }
        return Key(target: request.target, fields: fields)
    }

    /// These say nothing about who asks for what, and may be others each time.
    private static let irrelevant: [HTTPField.Name] =
        [.requestID, .userAgent] + ["traceparent", "tracestate"].compactMap { HTTPField.Name($0) }

    /// These tell of a body, and a 304 has none (RFC 9111 3.2).
    private static let ofBody: [HTTPField.Name] = [
        .contentLength, .contentEncoding, .contentType, .contentRange, .transferEncoding,
    ]

    private static func size(_ response: HTTPResponse, _ key: Key, _ body: Bytes) -> Int {
        let fields = Array(response.headerFields) + Array(key.fields)
        return fields.reduce(body.count + key.target.path.utf8.count) {
            $0 + $1.name.rawName.utf8.count + $1.value.utf8.count
        }
    }

    private func use(_ key: Key) -> Entry? {
        self.store.withLock { store in
            store.uses += 1
            store.entries[key]?.lastUse = store.uses
            return store.entries[key]
        }
    }

    private func keep(_ reply: HTTPReply, for key: Key) {
        let fields = reply.response.headerFields
        guard reply.response.status == .ok, let body = reply.body.bytes,
            fields.contains(.eTag) || fields.contains(.lastModified),
            !(fields[.cacheControl] ?? "").contains("no-store"), fields[.vary] != "*"
        else { return }
        let size = Self.size(reply.response, key, body)
        guard size <= self.limit else { return }
        self.store.withLock { store in
            store.size -= store.entries[key]?.size ?? 0
            store.uses += 1
            store.entries[key] = Entry(response: reply.response, body: body.detached(), size: size, lastUse: store.uses)
            store.size += size
            while store.size > self.limit, let oldest = store.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                store.entries[oldest.key] = nil
                store.size -= oldest.value.size
            }
        }
    }
}
