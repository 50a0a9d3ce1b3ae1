// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// What etcd is told on a watch stream.
enum EtcdRequest {
    /// Begins a watch.
    ///
    /// - Parameters:
    ///   - id: the watch's number, by which its events are recognised; at least 1.
    ///   - watch: what to watch.
    ///   - start: the first revision to send; nil: what comes from now on.
    /// - Returns: the message.
    static func create(_ id: Int64, _ watch: EtcdWatch, from start: Int64?) -> WebSocketMessage {
        var create: [String: JSONValue] = [
            "key": .base64(watch.range.key), "watch_id": .string(String(id)), "fragment": true, "progress_notify": true,
        ]
        if let end = watch.range.end { create["range_end"] = .base64(end) }
        if let start { create["start_revision"] = .string(String(start)) }
        if watch.hasPrevious { create["prev_kv"] = true }
        if !watch.filters.isEmpty { create["filters"] = .array(watch.filters.map { .string($0.rawValue) }) }
        return Self.message(["create_request": .object(create)])
    }

    static func cancel(_ id: Int64) -> WebSocketMessage {
        Self.message(["cancel_request": ["watch_id": .string(String(id))]])
    }

    private static func message(_ request: JSONValue) -> WebSocketMessage { WebSocketMessage(.text, request.encoded) }

    /// Which watch a message of ours begins, or ends.
    static func reading(_ message: WebSocketMessage) -> (id: Int64, isCreate: Bool)? {
        let create = EtcdJSON.member("create_request", of: message.payload)
        guard let request = create ?? EtcdJSON.member("cancel_request", of: message.payload),
            let id = EtcdJSON.member("watch_id", of: request).flatMap({ EtcdJSON.integer($0) })
        else { return nil }
        return (id, create != nil)
    }
}
