// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore
import FreshetHTTP
import FreshetTransport

/// The objects of one kind, as documents: read, listed, watched, written.
///
/// A version is the object's `metadata.resourceVersion`, and a position that of a list or of the last event. Both are opaque.
public struct KubernetesResources<Value: Sendable>: DocumentCollection {
    let client: KubernetesClient
    let path: KubernetesPath
    let coding: DocumentCoding<Value>

    /// Reads an object.
    ///
    /// - Parameter key: its name, or `namespace/name`.
    /// - Returns: the object, with its version.
    /// - Throws: `.notFound` where there is none, `.forbidden`, `.decoding`, or why there was no answer.
    public func get(_ key: String) async throws(FreshetError) -> Document<Value> {
        let object = try await self.client.api.get(try self.path.object(key))
        return try self.document(try KubernetesObject(object).document(self.path))
    }

    /// All objects as they were at one moment; pages are put together.
    ///
    /// - Returns: the objects, in the server's order, and the position from which a watch brings what comes after it.
    /// - Throws: `.notFound` where there is no such kind, `.forbidden`, `.decoding`, or why there was no answer.
    public func list() async throws(FreshetError) -> DocumentSnapshot<Value> {
        let size = self.client.configuration.pageSize
        let listing = try await self.client.api.list(self.path, pageSize: size) ?? DocumentListing([], position: nil)
        var documents: [Document<Value>] = []
        for raw in listing.documents { documents.append(try self.document(raw)) }
        return DocumentSnapshot(
            documents: documents,
            changes: documents.map { .added($0) },
            position: listing.position
        )
    }

    private func document(_ raw: RawDocument) throws(FreshetError) -> Document<Value> {
        Document(key: raw.key, version: raw.version, value: try self.coding.decode(raw.value))
    }

    // MARK: - Watching

    /// What changes, without a seam: first the list (or nothing, or a position that was saved), then every change once, in
    /// order.
    ///
    /// It begins with the first `next()` and ends when the loop is left. A watch that broke, or that the server ended, goes on
    /// after the last event: no gap. When the server no longer has what came since, there is a gap of cause `compacted`, and a
    /// snapshot whose `changes` are what differs. Where neither WebSocket nor chunked answers get through, the list is asked for
    /// again and again, and a gap of cause `polling` says so.
    ///
    /// A position that the server has never reached, as after its etcd was set back, is answered by silence: Kubernetes says
    /// nothing, so nothing can be told here.
    ///
    /// - Parameters:
    ///   - start: where to begin.
    ///   - delivery: what happens when the consumer is slow.
    ///   - bookmarks: whether updates without changes are handed out, which tell a newer position.
    /// - Returns: the feed. It throws `.notFound` where there is no such kind, `.forbidden` where these credentials may not list,
    ///   `.unauthorized`, `.decoding`.
    public func watch(
        from start: DocumentStart = .snapshot,
        delivery: DeliveryPolicy = .suspending,
        bookmarks: Bool = false
    ) -> Feed<DocumentEvent<Value>> {
        var position: Position?
        if case .after(let given) = start { position = given }
        let (api, path, configuration) = (self.client.api, self.path, self.client.configuration)
        let opening = SubscriptionEngine<KubernetesSource>.Opening(
            KubernetesSource.Request(path: path.watch),
            recovery: .list,
            from: position,
            isShared: false,
            isPollable: true,
            hearsBookmarks: bookmarks,
            fetchDeadline: configuration.listDeadline
        )
        let fetch: SnapshotFetch = { request throws(FreshetError) in
            if start == .now, request.gap == nil, request.overSocket {
                return Fetched(.snapshot, position: try await api.position(of: path))
            }
            let size = configuration.pageSize
            guard let listing = try await api.list(path, pageSize: size, unless: request.validator) else {
                return Fetched(.unchanged)
            }
            return listing.fetched(validator: listing.position?.text)
        }
        return self.client.watches.documents(
            opening,
            delivery: delivery,
            fetch: fetch,
            reader: Self.reader(path),
            coding: self.coding
        )
    }

    private static func reader(_ path: KubernetesPath) -> DocumentReader {
        DocumentReader { event throws(FreshetError) in
            guard let kind = KubernetesEvent.kind(of: event), let object = KubernetesEvent.object(of: event) else {
                throw FreshetError(.decoding, "an event of a watch without an object")
            }
            let raw = try KubernetesObject(object).document(path)
            let change: RawChange =
                kind == .deleted
                ? .delete(key: raw.key, version: raw.version, previous: raw) : .put(raw, isNew: kind == .added)
            return RawChanges([change], position: Position(text: raw.version))
        }
    }
}
