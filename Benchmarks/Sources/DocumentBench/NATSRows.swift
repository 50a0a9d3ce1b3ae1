// SPDX-License-Identifier: Apache-2.0

import FreshetDocuments

/// What is measured with a nats-server: bucket `bench` is there.
struct NATSRows {
    private let options: Options
    private let bucket: NATSBucket<Bytes>

    init(_ options: Options) {
        self.options = options
        self.bucket = NATSClient(url: options.url).bucket("bench", coding: .bytes)
    }

    /// The state with which a watch begins.
    func catchUp() async throws {
        let (begun, cpu) = (Measure.now(), Measure.cpu())
        var seen = 0
        for try await event in self.bucket.watch() {
            seen += event.changes.count
            if seen >= self.options.count { break }
        }
        self.options.report(
            #""messages":\#(seen),"seconds":\#(Measure.now() - begun),"cpu_seconds":\#(Measure.cpu() - cpu),"#
                + #""rss_mib":\#(Measure.resident() / 1024)"#
        )
    }

    func latency() async throws {
        let (bucket, latencies) = (self.bucket.keys("latency"), Latencies())
        let reader = Task {
            for try await event in bucket.watch() {
                let now = Measure.now()
                for change in event.changes { await latencies.arrival(change.version, at: now) }
                if await latencies.pairs >= self.options.count { break }
            }
        }
        for number in 0..<self.options.count + 50 {
            let begun = Measure.now()
            let version = try await self.bucket.put("latency", Bytes(copying: "value \(number)".utf8))
            await latencies.wrote(version, from: begun, to: Measure.now())
        }
        try await reader.value
        self.options.report(#""messages":\#(self.options.count),\#(await latencies.members)"#)
    }
}
