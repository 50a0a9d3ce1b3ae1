// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The changes of one revision, as the elements of etcd's `events` lie one after another in a message, with commas between
/// them: the payload of an `.update`.
package enum EtcdEvents {
    /// The revision of the first event in an array or a part of one; nothing behind it is looked at.
    static func revision(of json: Bytes) -> Int64? {
        EtcdJSON.member("kv", of: json).flatMap { EtcdJSON.member("mod_revision", of: $0) }
            .flatMap { EtcdJSON.integer($0) }
    }

    /// Cuts an array of events into revisions.
    ///
    /// - Parameter events: the array.
    /// - Returns: each revision with its part of the array, in order; nil when it cannot be read.
    static func revisions(in events: Bytes) -> [(revision: Int64, part: Bytes)]? {
        guard let elements = events.elements else { return nil }
        var parts: [(revision: Int64, part: Bytes)] = []
        for element in elements {
            guard let revision = self.revision(of: element), revision > 0 else { return nil }
            if let last = parts.last, last.revision == revision {
                parts[parts.count - 1].part = last.part.upTo(endOf: element)
            } else {
                parts.append((revision, element))
            }
        }
        return parts
    }

    /// How the changes of one revision are read.
    package static let reader = DocumentReader(changes: { payload throws(FreshetError) in
        var array: [UInt8] = [UInt8(ascii: "[")]
        array.reserveCapacity(payload.count + 2)
        payload.append(to: &array)
        array.append(UInt8(ascii: "]"))
        guard let elements = Bytes(copying: array).elements else { throw EtcdKeyValue.unreadable }
        var changes: [RawChange] = []
        changes.reserveCapacity(elements.count)
        var revision: Int64 = 0
        for element in elements {
            let (change, its) = try Self.change(element)
            changes.append(change)
            revision = its
        }
        return RawChanges(changes, position: Position(number: revision))
    })

    private static func change(_ event: Bytes) throws(FreshetError) -> (RawChange, revision: Int64) {
        var (current, previous): (Bytes?, Bytes?)
        var isDelete = false
        _ = EtcdJSON.members(of: event) { key, value in
            if EtcdJSON.equal(key, "kv") {
                current = value
            } else if EtcdJSON.equal(key, "prev_kv") {
                previous = value
            } else if EtcdJSON.equal(key, "type") {
                // A put is the first of its kind, so it is left out.
                isDelete = value.elementsEqual("\"DELETE\"")
            }
            return false
        }
        guard let current else { throw EtcdKeyValue.unreadable }
        let kv = try EtcdKeyValue(current)
        let before = try previous.map { json throws(FreshetError) in try EtcdKeyValue(json).document() }
        if isDelete {
            let key = EtcdKey.text(try kv.key())
            return (.delete(key: key, version: String(kv.modRevision), previous: before), kv.modRevision)
        }
        let isNew = kv.createRevision == kv.modRevision
        return (.put(try kv.document(), isNew: isNew, previous: before), kv.modRevision)
    }
}

extension Bytes {
    /// From here to the end of a later part of the same message.
    fileprivate func upTo(endOf later: Bytes) -> Bytes {
        Bytes(self.chunk, start: self.start, count: later.start + later.count - self.start)
    }
}
