// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetDocuments

/// Documents that are watched.
struct DocumentWatch: WatchSubject {
    let target: DocumentTarget
    let documents: any DocumentCollection<Bytes>
    let start: DocumentStart
    let stateFile: String?
    /// Whether what is there at the beginning is printed, and what is removed.
    let printsInitial: Bool
    let printsRemovals: Bool

    var source: String { self.target.source }
    var connectionStates: AsyncStream<ConnectionState> { self.target.connectionStates }
    func close() async { await self.target.close() }

    func consume(_ output: WatchOutput) async throws(FreshetError) -> WatchOutcome {
        var keeper: WatchStateKeeper?
        if let stateFile { keeper = try WatchStateKeeper(stateFile, source: self.source) }
        let start = keeper?.position.map { DocumentStart.after($0) } ?? self.start
        let record = DocumentRecord(output.renderer)
        var isFirst = true
        var isAfterGap = false
        let feed = self.documents.watch(from: start, delivery: .suspending, bookmarks: keeper != nil)
        for try await element in feed.positioned {
            guard !Task.isCancelled else { break }
            if case .gap(let gap) = element.element {
                isAfterGap = true
                if let outcome = output.gap(gap) { return outcome }
                continue
            }
            var changes = self.wanted(element.element, isFirst: isFirst, isAfterGap: isAfterGap, output.onGap)
            let isCut = output.rest.map { $0 < changes.count } ?? false
            if isCut { changes = Array(changes.prefix(output.rest ?? 0)) }
            (isFirst, isAfterGap) = (false, false)
            let now = Date()
            let bytes = changes.flatMap { record.bytes($0, at: now) ?? [] }
            // Of one that is printed in part the position would be too far.
            let position = isCut ? nil : element.position
            if let position, !bytes.isEmpty { try keeper?.willWrite(bytes.count, position) }
            let outcome = output.data(bytes.isEmpty ? nil : bytes, of: changes.count)
            if case .outputClosed? = outcome { return .outputClosed }
            if let position { try bytes.isEmpty ? keeper?.settle(position) : keeper?.wrote(position) }
            if let outcome {
                try keeper?.settle()
                return outcome
            }
        }
        try keeper?.settle()
        return .completed
    }

    private func wanted(
        _ event: DocumentEvent<Bytes>,
        isFirst: Bool,
        isAfterGap: Bool,
        _ onGap: OnGap
    ) -> [DocumentChange<Bytes>] {
        if case .snapshot = event {
            if isAfterGap, onGap == .mark { return [] }
            if isFirst, !isAfterGap, !self.printsInitial { return [] }
        }
        return self.printsRemovals ? event.changes : event.changes.filter { $0.document != nil }
    }
}
