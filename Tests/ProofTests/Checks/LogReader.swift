// SPDX-License-Identifier: Apache-2.0

import FreshetGraphQL
import FreshetTestSupport

/// Reads `events` and compares what comes with the server's own log, in which the numbers have no holes.
struct LogReader: Sendable {
    private(set) var first: Int?
    private(set) var last = 0
    private(set) var received = 0
    private(set) var lost = 0
    private(set) var doubled = 0
    private(set) var gaps = 0
    /// Elements that are missing after a gap, which said so.
    private(set) var missed = 0
    private var isAfterGap = false
    /// Elements whose content is not that of the log.
    private(set) var wrong = 0
    /// The first things that were not right, for people.
    private(set) var remarks: [String] = []

    static let plainQuery = "subscription { events { n key } }"
    static let query = "subscription Log($after: Int) { events(after: $after) { n key } }"
    static let recovery = GraphQLRecovery<LogElement>.cursor(variable: "after", path: "events.n")

    /// Follows a feed without a cursor, until it has come to `end` or its task is cancelled.
    static func plain(_ client: GraphQLClient, _ server: EmbeddedServer, until end: ContinuousClock.Instant?) async
        -> Self
    {
        var reader = LogReader()
        do throws(FreshetError) {
            for try await event in client.subscribe(LogElement.self, self.plainQuery) {
                reader.take(event)
                if let end, server.log.appeared(reader.last) >= end { break }
            }
        } catch {
            reader.remark("it ended with \(error)")
            reader.wrong += 1
        }
        return reader
    }

    mutating func take(_ event: FeedEvent<LogElement>) {
        switch event {
        case .gap(let gap):
            self.gaps += 1
            self.isAfterGap = true
            self.remark("after \(self.last) a gap: \(gap.cause), \(gap.reason)")
        case .update(let element), .snapshot(let element):
            self.received += 1
            if element.key != EmbeddedLog.key(of: element.n) { self.wrong += 1 }
            if self.first == nil {
                (self.first, self.last) = (element.n, element.n)
                return
            }
            if element.n <= self.last {
                self.doubled += 1
                self.remark("after \(self.last) came \(element.n)")
                return
            }
            if self.isAfterGap {
                self.missed += element.n - self.last - 1
            } else if element.n > self.last + 1 {
                self.remark("after \(self.last) came \(element.n)")
                self.lost += element.n - self.last - 1
            }
            self.isAfterGap = false
            self.last = element.n
        }
    }

    private mutating func remark(_ text: String) {
        if self.remarks.count < 5 { self.remarks.append(text) }
    }

    /// Where there are several feeds, `name` says which; without a cursor a gap may say that something is missing.
    func judge(_ verdict: inout Verdict, _ name: String = "", allowsGaps: Bool = false) {
        verdict.note("\(name)elements", self.received)
        verdict.note("\(name)lost", self.lost)
        verdict.note("\(name)doubled", self.doubled)
        verdict.note("\(name)gaps", self.gaps)
        let remarks = name + self.remarks.joined(separator: ", ")
        verdict.demand(self.lost == 0, "\(self.lost) elements were lost: \(remarks)")
        verdict.demand(self.doubled == 0, "\(self.doubled) elements came twice: \(remarks)")
        verdict.demand(allowsGaps || self.gaps == 0, "there were \(self.gaps) gaps: \(remarks)")
        verdict.demand(self.wrong == 0, "\(self.wrong) elements are not those of the log")
    }
}
