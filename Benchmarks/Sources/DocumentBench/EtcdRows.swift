// SPDX-License-Identifier: Apache-2.0

import BenchMeasure
import FreshetDocuments

/// What is measured with an etcd.
struct EtcdRows {
    private let options: Options
    private let client: EtcdClient

    init(_ options: Options) {
        self.options = options
        self.client = EtcdClient(url: options.url)
    }

    private func documents(_ prefix: String) -> EtcdDocuments<Bytes> {
        self.client.documents(under: prefix, coding: .bytes)
    }

    /// All changes of the history.
    func catchUp() async throws {
        let (begun, cpu) = (Measure.now(), Measure.cpu())
        var seen = 0
        for try await event in self.documents("bench/").watch(from: .after(Position(number: self.options.from - 1))) {
            seen += event.changes.count
            if seen >= self.options.count { break }
        }
        self.options.report(
            #""messages":\#(seen),"seconds":\#(Measure.now() - begun),"cpu_seconds":\#(Measure.cpu() - cpu),"#
                + #""rss_mib":\#(Measure.resident() / 1024)"#
        )
    }

    func latency() async throws {
        let (documents, latencies) = (self.documents("latency/"), Latencies())
        let reader = latencies.read(documents.watch(), count: self.options.count)
        await latencies.begun()
        for number in 0..<self.options.count {
            let begun = Measure.now()
            let version = try await documents.put("latency/key", Bytes(copying: "value \(number)".utf8))
            await latencies.wrote(version, from: begun, to: Measure.now())
        }
        try await reader.value
        self.options.report(#""messages":\#(self.options.count),\#(await latencies.members)"#)
    }

    /// So many watches, each with a key of its own, on one socket; then each gets a change.
    func watches() async throws {
        let before = Measure.resident()
        let begun = Measure.now()
        let (ready, readyContinuation) = AsyncStream<Void>.makeStream()
        let (changed, changedContinuation) = AsyncStream<Void>.makeStream()
        for number in 0..<self.options.count {
            let feed = self.documents("many/\(number)/").watch(from: .snapshot)
            Task {
                for try await event in feed {
                    if case .snapshot = event { readyContinuation.yield() } else { changedContinuation.yield() }
                }
            }
        }
        try await Self.wait(ready, self.options.count)
        let opened = Measure.now() - begun
        let kib = (Measure.resident() - before) / Double(self.options.count)
        for number in 0..<self.options.count {
            try await self.documents("many/").put("many/\(number)/x", Bytes(copying: "1".utf8))
        }
        try await Self.wait(changed, self.options.count)
        self.options.report(
            #""connections":\#(self.options.count),"seconds":\#(opened),"kib_each":\#(kib),"#
                + #""changed_seconds":\#(Measure.now() - begun - opened)"#
        )
    }

    private static func wait(_ stream: AsyncStream<Void>, _ count: Int) async throws {
        var seen = 0
        for await _ in stream {
            seen += 1
            if seen == count { return }
        }
    }

    /// A consumer that takes 2,000 changes a second of a history that comes faster: what memory does meanwhile.
    func slow() async throws {
        let begun = Measure.now()
        var (seen, first, most) = (0, 0.0, 0.0)
        for try await event in self.documents("bench/").watch(from: .after(Position(number: self.options.from - 1))) {
            seen += event.changes.count
            if seen % 100 < event.changes.count {
                let ahead = Double(seen) / 2_000 - (Measure.now() - begun)
                if ahead > 0 { try await Task.sleep(for: .seconds(ahead)) }
                let now = Measure.resident() / 1024
                if first == 0, seen >= self.options.count / 10 { first = now }
                if first > 0 { most = max(most, now) }
            }
            if seen >= self.options.count { break }
        }
        self.options.report(
            #""messages":\#(seen),"seconds":\#(Measure.now() - begun),"rss_mib":\#(most),"growth_mib":\#(most - first)"#
        )
    }
}
