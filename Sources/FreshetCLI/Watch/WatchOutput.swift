// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// Where a watch's records go, and when it has enough of them.
struct WatchOutput: Sendable {
    let renderer: Renderer
    let terminal: Terminal
    let status: WatchStatus
    /// After how many records that count it has enough.
    let count: Int?
    let onGap: OnGap

    /// Writes a record that counts, or several in one piece; what ends the watch, or nil.
    func data(_ record: [UInt8]?, of count: Int = 1) -> WatchOutcome? {
        if let record, !self.terminal.record(record) { return .outputClosed }
        guard count > 0, let limit = self.count else {
            self.status.received(count)
            return nil
        }
        return self.status.received(count) >= limit ? .counted : nil
    }

    /// Writes a gap; what ends the watch, or nil.
    func gap(_ gap: Gap) -> WatchOutcome? {
        self.status.gap()
        if let record = self.renderer.gap(gap, at: Date()), !self.terminal.record(record) { return .outputClosed }
        return self.onGap == .fail ? .gap : nil
    }

    /// How many more records are wanted.
    var rest: Int? { self.count.map { max($0 - self.status.summary.received, 0) } }
}
