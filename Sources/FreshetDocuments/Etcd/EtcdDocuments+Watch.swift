// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

extension EtcdDocuments {
    /// Watches the documents: the whole state, and then every change, in order, one transaction at a time.
    ///
    /// Leaving the loop, or cancelling its task, ends the watch. After a drop it goes on where it was: nothing is missing and
    /// nothing comes twice. What etcd does not have any more (compaction), or another store under the same address, is a gap of
    /// cause `compacted` or `historyLost`, and then the whole state with what differs.
    ///
    /// Where nothing but single requests get through, the documents are listed again and again, after a gap of cause `polling`.
    ///
    /// - Parameters:
    ///   - start: where to begin. After ``DocumentStart/now`` and ``DocumentStart/after(_:)`` there is a snapshot only after a
    ///     gap.
    ///   - delivery: what happens when the consumer is slow. By default the server is not read then, and holds back.
    ///   - bookmarks: whether to hear of positions without changes, as updates without any: etcd says every 10 minutes where an
    ///     idle watch stands.
    /// - Returns: a feed that throws `.decoding` when a document is no `Value`, `.unauthorized` or `.forbidden` when etcd
    ///   refuses, or what ended the connection for good.
    public func watch(
        from start: DocumentStart = .snapshot,
        delivery: DeliveryPolicy = .suspending,
        bookmarks: Bool = false
    ) -> Feed<DocumentEvent<Value>> {
        self.watch(from: start, without: [], delivery: delivery, bookmarks: bookmarks)
    }

    /// Watches the documents, and lets etcd leave out some of the changes.
    ///
    /// Without removals, documents that are gone stay in what ``DocumentChange/previous`` and the differences of later
    /// snapshots say.
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - filters: what is left out.
    ///   - delivery: what happens when the consumer is slow.
    ///   - bookmarks: whether to hear of positions without changes.
    /// - Returns: a feed as of ``watch(from:delivery:bookmarks:)``.
    public func watch(
        from start: DocumentStart = .snapshot,
        without filters: Set<EtcdFilter>,
        delivery: DeliveryPolicy = .suspending,
        bookmarks: Bool = false
    ) -> Feed<DocumentEvent<Value>> {
        let connections: EtcdClient.Connections
        do throws(FreshetError) {
            connections = try self.client.connections.get()
            try Self.check(start)
        } catch {
            return Self.refused(error)
        }
        var request = EtcdWatch(self.range)
        request.filters = filters.sorted { $0.rawValue < $1.rawValue }
        // After a snapshot it is known what there was before.
        request.hasPrevious = start != .snapshot
        let configuration = self.client.configuration
        let opening = SubscriptionEngine<EtcdSource>.Opening(
            request,
            recovery: .list,
            from: start.position,
            isPollable: true,
            hearsBookmarks: bookmarks,
            fetchDeadline: configuration.listDeadline
        )
        let lister = EtcdLister(
            store: EtcdStore(http: connections.http),
            range: self.range,
            pageSize: configuration.pageSize,
            start: start
        )
        return connections.subscriptions.documents(
            opening,
            delivery: delivery,
            fetch: { request throws(FreshetError) in try await lister.fetch(request) },
            reader: EtcdEvents.reader,
            coding: self.coding
        )
    }

    /// Of another source's position nothing is known, and a watch without one would leave things out in silence.
    private static func check(_ start: DocumentStart) throws(FreshetError) {
        guard case .after(let position) = start, position.number == nil else { return }
        throw FreshetError(
            .invalidInput,
            "this position is not one of etcd's",
            hint: "begin after a position that a list or a watch of the same etcd told"
        )
    }

    /// A feed of nothing but why there is none.
    private static func refused(_ error: FreshetError) -> Feed<DocumentEvent<Value>> {
        Feed(
            open: {
                let buffer = FeedBuffer(resumeReading: {}, consumerLeft: {})
                buffer.finish(.failed(error))
                return buffer
            },
            decode: { _ throws(FreshetError) in .update([]) }
        )
    }
}
