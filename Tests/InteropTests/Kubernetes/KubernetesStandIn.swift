// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetDocuments
import FreshetHTTP
import FreshetTestSupport
import Testing

/// `Servers/kubernetes.py`: a stand-in for the API server, which says what it behaves like in its first lines.
final class KubernetesStandIn: Sendable {
    struct Counts: Codable, Sendable {
        var webSockets: Int
        var streams: Int
        var lists: Int
        var pages: Int
        var writes: Int
        var withoutOrigin: Int
        var unauthorized: Int
        var open: Int
    }

    private let program: Program
    let url: String
    private let control: HTTPClient

    /// With a certificate it speaks TLS, and `authority` is whom to trust.
    init(_ arguments: String..., certificate: String? = nil, key: String? = nil, authority: String? = nil) async throws
    {
        let tls = certificate.flatMap { certificate in key.map { ["--certificate", certificate, "--key", $0] } } ?? []
        (self.program, self.url) = try await Program.listening(
            "Tests/InteropTests/Servers/kubernetes.py",
            arguments + tls,
            needsPackages: false
        )
        self.control = .fresh(self.url) { $0.tls.authorities = authority.map { .file($0) } }
    }

    var port: Int { URL(string: self.url)?.port ?? 0 }

    func stop() { self.program.stop() }

    /// Changes how it behaves, and says what it has counted.
    @discardableResult
    func tell(_ behaviour: [String: JSONValue]) async throws -> Counts {
        try await self.control.post("control", json: behaviour)
    }

    func counts() async throws -> Counts { try await self.control.get("control") }

    /// Asks until the counts are so: bounded by the test's time limit.
    func counts(until isTrue: (Counts) -> Bool) async throws -> Counts {
        while true {
            let counts = try await self.counts()
            if isTrue(counts) { return counts }
            try Task.checkCancellation()
        }
    }

    func configuration(_ port: Int? = nil) -> KubernetesConfiguration {
        KubernetesConfiguration.forTests("http://127.0.0.1:\(port ?? self.port)")
    }
}

extension KubernetesConfiguration {
    /// With short waits, and without the environment's proxy.
    static func forTests(_ server: String) -> KubernetesConfiguration {
        var configuration = KubernetesConfiguration(server: server)
        configuration.webSocket.proxy = .none
        configuration.policy.backoff = Backoff(initial: .milliseconds(20), cap: .milliseconds(200))
        configuration.policy.subscriptionBackoff = Backoff(initial: .milliseconds(20), cap: .milliseconds(200))
        configuration.policy.fallback = FallbackPolicy(interval: .milliseconds(50))
        return configuration
    }
}

/// A ConfigMap, as far as the tests look at it.
struct ConfigMap: Codable, Sendable, Equatable {
    struct Metadata: Codable, Sendable, Equatable {
        var labels: [String: String]?
    }

    var apiVersion = "v1"
    var kind = "ConfigMap"
    var metadata = Metadata()
    var data: [String: String]

    init(_ value: String, labels: [String: String]? = nil) {
        self.data = ["value": value]
        self.metadata.labels = labels
    }

    var value: String { self.data["value"] ?? "" }
}
