// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What etcd says on a watch stream, found by scanning: events are not looked at here.
struct EtcdMessage {
    /// The stream as a whole is in trouble: etcd's error, a text or an object.
    private(set) var error: Bytes?
    private(set) var hasResult = false
    /// The store's revision. Of a message with events it says nothing about them: while an old watch catches up, it is the newest
    /// of the store already.
    private(set) var revision: Int64?
    private(set) var watch: Int64 = 0
    private(set) var isCreated = false
    private(set) var isCanceled = false
    /// Whether more of this message follows in the next one.
    private(set) var isFragment = false
    /// What came before this revision is no longer there.
    private(set) var compactRevision: Int64?
    private(set) var cancelReason: String?
    private(set) var events: Bytes?

    /// Nil when it is none of etcd's.
    ///
    /// - Parameter json: a message.
    init?(_ json: Bytes) {
        var result: Bytes?
        let isObject = EtcdJSON.members(of: json) { key, value in
            if EtcdJSON.equal(key, "result") {
                result = value
            } else if EtcdJSON.equal(key, "error") {
                self.error = value
            }
            return false
        }
        guard isObject, result != nil || self.error != nil else { return nil }
        guard let result else { return }
        self.hasResult = true
        guard EtcdJSON.members(of: result, { self.take($0, $1) }) else { return nil }
    }

    /// Whether the stream is refused because of its token.
    var isTokenRefused: Bool { self.isCanceled && EtcdError(reason: self.cancelReason).isAboutToken }

    private mutating func take(_ key: UnsafeRawBufferPointer, _ value: Bytes) -> Bool {
        if EtcdJSON.equal(key, "events") {
            self.events = value
        } else if EtcdJSON.equal(key, "watch_id") {
            self.watch = EtcdJSON.integer(value) ?? 0
        } else if EtcdJSON.equal(key, "header") {
            self.revision = EtcdJSON.member("revision", of: value).flatMap { EtcdJSON.integer($0) }
        } else if EtcdJSON.equal(key, "created") {
            self.isCreated = EtcdJSON.isTrue(value)
        } else if EtcdJSON.equal(key, "canceled") {
            self.isCanceled = EtcdJSON.isTrue(value)
        } else if EtcdJSON.equal(key, "fragment") {
            self.isFragment = EtcdJSON.isTrue(value)
        } else if EtcdJSON.equal(key, "compact_revision") {
            self.compactRevision = EtcdJSON.integer(value)
        } else if EtcdJSON.equal(key, "cancel_reason") {
            self.cancelReason = EtcdJSON.text(value)
        }
        return false
    }
}
