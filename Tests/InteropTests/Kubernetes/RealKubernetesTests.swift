// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import Testing

/// Against the real kube-apiserver, where there is one.
@Suite(.serialized, .timeLimit(.minutes(2)), .enabled(if: KubernetesCluster.binary != nil))
struct RealKubernetesTests {
    private static func cluster(_ arguments: String...) async throws -> KubernetesCluster {
        let binary = try #require(KubernetesCluster.binary)
        return arguments.isEmpty
            ? try await KubernetesCluster(binary) : try await KubernetesCluster(binary, arguments[0])
    }

    private static func maps(_ client: KubernetesClient) throws -> KubernetesResources<ConfigMap> {
        try client.resources(of: "v1", "configmaps", namespace: "default", fields: "metadata.name!=kube-root-ca.crt")
    }

    @Test("Through a proxy that cuts at random every change comes once, in order", arguments: [false, true])
    func cuts(streamed: Bool) async throws {
        let cluster = try await Self.cluster()
        defer { cluster.stop() }
        for seed in [UInt64(1), 2] {
            let outcome = try await KubernetesCuts(
                port: cluster.port,
                configuration: { cluster.configuration($0) },
                cuts: 20,
                bytes: 60_000,
                seed: seed,
                webSockets: streamed ? NoWebSockets() : LWSTransport(),
                namespace: "default"
            ).run()
            #expect(outcome.seen == outcome.written, "seed \(seed)")
            #expect(outcome.documents == outcome.remaining, "seed \(seed)")
            #expect(outcome.statistics?.cuts == 20)
            print(
                "kube-apiserver, \(streamed ? "chunked" : "WebSocket"), seed \(seed): \(outcome.writes) writes, \(String(describing: outcome.statistics))"
            )
        }
    }

    @Test("A kubeconfig with a plugin leads to a watch, and to writes with versions")
    func kubeconfig() async throws {
        let cluster = try await Self.cluster()
        defer { cluster.stop() }
        var configuration = try KubernetesConfiguration.kubeconfig(cluster.kubeconfig())
        configuration.webSocket.proxy = .none
        // Ends on its own many times.
        configuration.watchTime = .seconds(1)
        configuration.pageSize = 2
        let client = try KubernetesClient(configuration)
        let maps = try Self.maps(client)
        for number in 0..<5 { try await maps.create("m\(number)", ConfigMap("\(number)")) }
        let snapshot = try await maps.list()
        #expect(snapshot.documents.map(\.key) == ["m0", "m1", "m2", "m3", "m4"])
        #expect(snapshot.documents.allSatisfy { $0.value.kind == "ConfigMap" && $0.value.apiVersion == "v1" })
        let log = DocumentLog(maps.watch())
        await log.entries(1)
        let version = try await maps.get("m0").version
        let next = try await maps.update("m0", ConfigMap("a"), ifVersion: version)
        #expect(
            await failure { _ = try await maps.update("m0", ConfigMap("b"), ifVersion: version) }?.kind
                == .conflict(version: nil)
        )
        #expect(await failure { _ = try await maps.create("m0", ConfigMap("b")) }?.kind == .conflict(version: nil))
        #expect(await failure { try await maps.delete("m0", ifVersion: version) }?.kind == .conflict(version: nil))
        try await maps.patch("m1", ["data": ["value": "c"]])
        try await maps.delete("m0", ifVersion: next)
        try await maps.put("new", ConfigMap("d"))
        #expect(
            await log.entries(5).dropFirst() == [.put("m0", "a"), .put("m1", "c"), .delete("m0"), .put("new", "d")]
        )
        #expect(await failure { _ = try await maps.get("m0") }?.kind == .notFound)
        let error = await failure { _ = try await maps.create("Not_A_Name", ConfigMap("x")) }
        guard case .validation(let errors)? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(errors.first?.path == ["metadata", "name"])
        // For longer than a few watches last.
        let begin = ContinuousClock.now
        var written: [DocumentLog.Entry] = []
        while ContinuousClock.now - begin < .seconds(4) {
            try await maps.put("new", ConfigMap("later \(written.count)"))
            written.append(.put("new", "later \(written.count)"))
        }
        #expect(await log.entries(5 + written.count).dropFirst(5) == written[...])
        await client.close()
    }

    @Test("What etcd has compacted is a gap and a new list")
    func expired() async throws {
        // Without its own memory the server asks etcd for what was.
        let cluster = try await Self.cluster("--watch-cache=false")
        defer { cluster.stop() }
        let client = try KubernetesClient(cluster.configuration())
        let maps = try Self.maps(client)
        try await maps.create("a", ConfigMap("1"))
        let position = try #require(try await maps.list().position)
        // etcd still has the revision that it was compacted at.
        try await maps.put("a", ConfigMap("2"))
        let version = try await maps.put("a", ConfigMap("3"))
        let compact = try await Program(
            "/usr/bin/env",
            ["ETCDCTL_API=3", "etcdctl", "--endpoints", cluster.etcdURL, "compact", version]
        ).result()
        try #require(compact.status == 0, "\(compact.errors)")
        let log = DocumentLog(maps.watch(from: .after(position)))
        #expect(await log.entries(2) == [.gap(.compacted), .snapshot(["a": "3"])])
        try await maps.put("a", ConfigMap("4"))
        #expect(await log.entries(3).last == .put("a", "4"))
        await client.close()
    }

    @Test("A token that the server does not know is told")
    func unauthorized() async throws {
        let cluster = try await Self.cluster()
        defer { cluster.stop() }
        let client = try KubernetesClient(.kubeconfig(cluster.kubeconfig(token: "another")))
        #expect(await DocumentLog(try Self.maps(client).watch()).end()?.kind == .unauthorized)
        await client.close()
    }
}
