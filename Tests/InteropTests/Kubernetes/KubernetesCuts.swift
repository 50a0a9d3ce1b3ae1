// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import FreshetTransport

/// A list and a watch through a proxy that cuts at random, while somebody writes beside it.
struct KubernetesCuts {
    /// What it came to.
    struct Outcome {
        var writes = 0
        var statistics: CuttingProxy.Statistics?
        var written: [DocumentLog.Entry] = []
        var seen: [DocumentLog.Entry] = []
        var documents: [String: String] = [:]
        var remaining: [String: String] = [:]
    }

    /// The server's port, where the proxy goes to.
    let port: Int
    /// How to reach it, by a port: the server's own or the proxy's.
    let configuration: (_ port: Int) -> KubernetesConfiguration
    let cuts: Int
    /// The most that a connection is let through before it is cut.
    var bytes = 8000
    let seed: UInt64
    /// What carries the watches.
    var webSockets: any WebSocketTransport = LWSTransport()
    /// A place of its own.
    let namespace: String

    func run() async throws -> Outcome {
        let proxy = try CuttingProxy(to: self.port, cuts: self.cuts, bytes: self.bytes, seed: self.seed)
        defer { proxy.stop() }
        var through = self.configuration(proxy.port)
        through.policy.waitsForFirstConnection = true
        let reading = try KubernetesClient(through, loop: .shared, webSockets: self.webSockets)
        let writing = try KubernetesClient(self.configuration(self.port))
        let maps = try self.maps(writing)
        let log = DocumentLog(try self.maps(reading).watch())
        await log.entries(1)

        var outcome = Outcome()
        var random = SeededRandom(self.seed)
        // The last write comes after the last cut.
        while outcome.writes < 10_000 {
            let isLast = proxy.statistics.connections > self.cuts
            let key = isLast ? "end" : "m\(Int.random(in: 0..<8, using: &random))"
            outcome.writes += 1
            if !isLast, outcome.remaining[key] != nil, Int.random(in: 0..<4, using: &random) == 0 {
                try await maps.delete(key)
                outcome.remaining[key] = nil
                outcome.written.append(.delete(key))
            } else {
                let value = "\(outcome.writes)"
                let map = ConfigMap(value)
                if outcome.remaining[key] == nil {
                    try await maps.create(key, map)
                } else {
                    try await maps.put(key, map)
                }
                outcome.remaining[key] = value
                outcome.written.append(.put(key, value))
            }
            if isLast { break }
        }
        let end = outcome.written.last
        let entries = await log.entries { $0.last == end }
        outcome.statistics = proxy.statistics
        outcome.seen = Array(entries.dropFirst())
        outcome.documents = log.documents
        for key in outcome.remaining.keys { try await maps.delete(key) }
        await reading.close()
        await writing.close()
        return outcome
    }

    private func maps(_ client: KubernetesClient) throws -> KubernetesResources<ConfigMap> {
        // Namespaces of the real server have a map of their own in them.
        try client.resources(
            of: "v1",
            "configmaps",
            namespace: self.namespace,
            fields: "metadata.name!=kube-root-ca.crt"
        )
    }
}
