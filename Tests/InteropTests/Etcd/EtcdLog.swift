// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments

/// What a watch has handed out, and waits for what it is to hand out.
final class EtcdLog: Sendable {
    /// One element of the feed, in words that can be compared.
    enum Seen: Sendable, Equatable {
        case snapshot([String: String])
        /// The revision, and `key=value` or `-key` for each change.
        case update(String, [String])
        case gap(Gap.Cause)
    }

    private let events = Locked<[DocumentEvent<String>]>([])
    private let lastRevision = Locked<Int64>(0)
    private let seen = Locked<[Seen]>([])
    private let wake = Locked<AsyncStream<Void>.Continuation?>(nil)
    private let failure = Locked<FreshetError?>(nil)
    private let task = Locked<Task<Void, Never>?>(nil)

    init(_ feed: Feed<DocumentEvent<String>>) {
        let task = Task {
            do throws(FreshetError) {
                for try await event in feed { self.append(event) }
            } catch {
                self.failure.withLock { $0 = error }
            }
            self.wake.withLock { $0 }?.yield()
        }
        self.task.withLock { $0 = task }
    }

    func stop() { self.task.withLock { $0 }?.cancel() }

    private func append(_ event: DocumentEvent<String>) {
        let revision = Self.revision(of: event)
        self.events.withLock { $0.append(event) }
        if let revision { self.lastRevision.withLock { $0 = revision } }
        self.seen.withLock { $0.append(Self.seen(event)) }
        self.wake.withLock { $0 }?.yield()
    }

    /// Where the store stands with an element.
    static func revision(of event: DocumentEvent<String>) -> Int64? {
        switch event {
        case .gap: nil
        case .snapshot(let snapshot): snapshot.position?.number
        case .update(let changes): changes.first.flatMap { Int64($0.version) }
        }
    }

    static func seen(_ event: DocumentEvent<String>) -> Seen {
        switch event {
        case .gap(let gap): .gap(gap.cause)
        case .snapshot(let snapshot):
            .snapshot(Dictionary(snapshot.documents.map { ($0.key, $0.value) }) { _, last in last })
        case .update(let changes):
            .update(
                changes.first?.version ?? "",
                changes.map { change in change.document.map { "\($0.key)=\($0.value)" } ?? "-\(change.key)" }
            )
        }
    }

    /// All that was handed out, as it came.
    var elements: [DocumentEvent<String>] { self.events.withLock { $0 } }
    /// Where the last element stands.
    var revision: Int64 { self.lastRevision.withLock { $0 } }
    var all: [Seen] { self.seen.withLock { $0 } }
    var error: FreshetError? { self.failure.withLock { $0 } }

    /// Returns when what was handed out is so, or the feed has ended.
    func until(_ isSo: ([Seen]) -> Bool) async {
        let (signals, signal) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.wake.withLock { $0 = signal }
        if isSo(self.all) || self.error != nil { return }
        for await _ in signals where isSo(self.all) || self.error != nil { return }
    }

    /// Returns when so many elements were handed out, and hands them out.
    func first(_ count: Int) async -> [Seen] {
        await self.until { $0.count >= count }
        return Array(self.all.prefix(count))
    }

    /// What the documents are now, by all that was handed out.
    var state: [String: String] {
        var state: [String: String] = [:]
        for seen in self.all {
            switch seen {
            case .gap: break
            case .snapshot(let documents): state = documents
            case .update(_, let changes):
                for change in changes {
                    let parts = change.split(separator: "=", maxSplits: 1).map(String.init)
                    if parts.count == 2 { state[parts[0]] = parts[1] } else { state[String(change.dropFirst())] = nil }
                }
            }
        }
        return state
    }

}

extension DocumentCoding where Value == String {
    /// The bytes as text.
    static var text: DocumentCoding {
        DocumentCoding(
            decode: { bytes throws(FreshetError) in bytes.text },
            encode: { text throws(FreshetError) in Bytes(copying: text.utf8) }
        )
    }
}

extension EtcdClient {
    func texts(under prefix: String) -> EtcdDocuments<String> {
        self.documents(String.self, under: prefix, coding: .text)
    }
}
