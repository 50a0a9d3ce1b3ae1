// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetDocuments

/// Documents that are watched.
struct DocumentWatch: WatchSubject {
    let target: DocumentTarget
    let start: DocumentStart
    let stateFile: String?
    /// Whether what is there at the beginning is printed, and what is removed.
    let printsInitial: Bool
    let printsRemovals: Bool

    var source: String { self.target.source }
    var connectionStates: AsyncStream<ConnectionState> { self.target.connectionStates }
    func close() async { await self.target.close() }

    func reconnect() { self.target.reconnect() }

    func consume(_ output: WatchOutput) async throws(FreshetError) -> WatchOutcome {
        do throws(FreshetError) {
            return try await self.read(output)
        } catch {
            throw self.target.explaining(error)
        }
    }

    private func read(_ output: WatchOutput) async throws(FreshetError) -> WatchOutcome {
        var keeper: WatchStateKeeper?
        if let stateFile { keeper = try WatchStateKeeper(stateFile, source: self.source) }
        if let rest = keeper?.rest, !rest.isEmpty,
            let outcome = try Self.write(rest, at: keeper?.position, output, &keeper)
        {
            return outcome
        }
        let start = keeper?.position.map { DocumentStart.after($0) } ?? self.start
        var isFirst = true
        var isAfterGap = false
        let feed = self.target.documents.watch(from: start, delivery: .suspending, bookmarks: keeper != nil)
        for try await element in feed.positioned {
            guard !Task.isCancelled else { break }
            if case .gap(let gap) = element.element {
                isAfterGap = true
                if let outcome = output.gap(gap) { return outcome }
                continue
            }
            let changes = self.wanted(element.element, isFirst: isFirst, isAfterGap: isAfterGap, output.onGap)
            (isFirst, isAfterGap) = (false, false)
            if let outcome = try Self.write(changes, at: element.position, output, &keeper) { return outcome }
        }
        try keeper?.settle()
        return .completed
    }

    /// Writes changes in one piece, as many as are wanted; what is left of them is kept for the next run.
    ///
    /// - Returns: what ends the watch, or nil.
    private static func write(
        _ changes: [DocumentChange<Bytes>],
        at position: Position?,
        _ output: WatchOutput,
        _ keeper: inout WatchStateKeeper?
    ) throws(FreshetError) -> WatchOutcome? {
        let wanted = changes.prefix(output.rest ?? changes.count)
        let left = Array(changes.dropFirst(wanted.count))
        let record = DocumentRecord(output.renderer)
        let now = Date()
        let bytes = wanted.flatMap { record.bytes($0, at: now) ?? [] }
        if let position, !bytes.isEmpty { try keeper?.willWrite(bytes.count, position, rest: left) }
        let outcome = output.data(bytes.isEmpty ? nil : bytes, of: wanted.count)
        if case .outputClosed? = outcome { return .outputClosed }
        if let position { try bytes.isEmpty ? keeper?.settle(position, rest: left) : keeper?.wrote() }
        if outcome != nil { try keeper?.settle() }
        return outcome
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
