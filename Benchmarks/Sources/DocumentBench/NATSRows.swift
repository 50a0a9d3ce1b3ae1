// SPDX-License-Identifier: Apache-2.0

import BenchMeasure
import FreshetDocuments

/// What is measured with a nats-server: the buckets `bench`, with many keys, and `small` are there.
struct NATSRows {
    private let options: Options
    private let bucket: NATSBucket<Bytes>

    init(_ options: Options) {
        self.options = options
        let name = options.mode == "nats-latency" ? "small" : "bench"
        self.bucket = NATSClient(url: options.url).bucket(name, coding: .bytes)
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
        let reader = latencies.read(bucket.watch(), count: self.options.count)
        await latencies.begun()
        for number in 0..<self.options.count {
            let begun = Measure.now()
            let version = try await self.bucket.put("latency", Bytes(copying: "value \(number)".utf8))
            await latencies.wrote(version, from: begun, to: Measure.now())
        }
        try await reader.value
        self.options.report(#""messages":\#(self.options.count),\#(await latencies.members)"#)
    }
}
