// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Reads what a consumer of a bucket brings, in the task of whoever watches it.
struct NATSBucketReader {
    let bucket: String

    var reader: DocumentReader {
        DocumentReader(
            changes: { payload throws(FreshetError) in
                guard let frame = NATSFrame(parsing: payload), let entry = NATSEntry(frame, in: self.bucket) else {
                    throw self.unreadable
                }
                return RawChanges([entry.change], position: frame.delivery.map { NATSPosition($0).position })
            },
            listing: { state throws(FreshetError) in try self.listing(state) }
        )
    }

    /// The keys that are there, the one that was written last at the end. A key may come twice, when it was written while the state was
    /// on its way.
    func listing(_ state: Bytes) throws(FreshetError) -> DocumentListing {
        let (info, entries) = try self.entries(of: state)
        // In the stream's order already: a key that comes again leaves its earlier place empty.
        var documents: [RawDocument?] = []
        var places: [String: Int] = [:]
        documents.reserveCapacity(entries.count)
        places.reserveCapacity(entries.count)
        for entry in entries {
            if let earlier = places.updateValue(documents.count, forKey: entry.key) { documents[earlier] = nil }
            if case .put(let document, _, _) = entry.change {
                documents.append(document)
            } else {
                documents.append(nil)
            }
        }
        let last = NATSPosition(
            sequence: max(info.state.last_seq, entries.last?.sequence ?? 0),
            time: NATSTime.nanoseconds(info.created) ?? 0
        )
        return DocumentListing(
            documents.compactMap { $0 },
            position: last.position,
            history: info.created
        )
    }

    /// All that a listing brought, in order.
    func entries(of state: Bytes) throws(FreshetError) -> (info: NATSStreamInfo, entries: [NATSEntry]) {
        var parser = NATSParser()
        var operations: [NATSOperation] = []
        do throws(NATSParser.Failure) {
            try parser.parse(state, into: &operations)
        } catch {
            throw self.unreadable
        }
        guard case .message(let reply)? = operations.first else { throw self.unreadable }
        let info = try reply.reply(NATSStreamInfo.self, to: "STREAM.INFO.KV_\(self.bucket)")
        let entries = operations.dropFirst().compactMap { operation -> NATSEntry? in
            guard case .message(let frame) = operation else { return nil }
            return NATSEntry(frame, in: self.bucket)
        }
        return (info, entries)
    }

    var unreadable: FreshetError {
        FreshetError(
            .protocolViolation,
            "something came out of the bucket \(self.bucket) that is no entry of it",
            hint: "check that the stream KV_\(self.bucket) was made as a bucket"
        )
    }
}
