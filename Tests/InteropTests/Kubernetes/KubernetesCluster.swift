// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetDocuments
import FreshetHTTP
import Testing

/// The real kube-apiserver that `FRESHET_KUBE_APISERVER` names, with an etcd beside it: over TLS, with a token.
///
/// Debian has its source only (the package `kubernetes`), which takes minutes to build: too long for every run.
final class KubernetesCluster {
    private static let token = "freshet-test-token"

    /// Where it is; nil, and a line that says so, where there is none.
    static let binary: String? = {
        let path = ProcessInfo.processInfo.environment["FRESHET_KUBE_APISERVER"]
        let etcd = try? Middle.path("etcd")
        guard let path, FileManager.default.isExecutableFile(atPath: path), etcd != nil else {
            print(
                "SKIPPED: FRESHET_KUBE_APISERVER names no program, or there is no etcd: nothing was tested against Kubernetes"
            )
            return nil
        }
        return path
    }()

    private let certificates: Certificates
    private let authority: String
    private let etcd: Program
    private let server: Program
    let port: Int
    let etcdURL: String

    init(_ binary: String, _ arguments: String...) async throws {
        self.certificates = try Certificates()
        self.authority = try await self.certificates.authority()
        let folder = self.certificates.folder
        func path(_ name: String) -> String { folder.appending(path: name).path }
        let identity = try await self.certificates.signed("server", for: "IP:127.0.0.1")
        self.etcdURL = "http://127.0.0.1:\(try Middle.freePort())"
        self.etcd = try Program(
            Middle.path("etcd"),
            [
                "--data-dir", path("etcd"), "--listen-client-urls", self.etcdURL, "--advertise-client-urls",
                self.etcdURL,
                "--listen-peer-urls", "http://127.0.0.1:\(try Middle.freePort())",
            ]
        )
        try "\(Self.token),tester,1,\"system:masters\"\n".write(
            toFile: path("tokens"),
            atomically: true,
            encoding: .utf8
        )
        let made = try await Program("/usr/bin/env", ["openssl", "genrsa", "-out", path("accounts.key"), "2048"])
            .result()
        try #require(made.status == 0, "openssl could not make a key: \(made.errors)")
        self.port = try Middle.freePort()
        self.server = try Program(
            binary,
            [
                "--etcd-servers=\(self.etcdURL)", "--bind-address=127.0.0.1", "--secure-port=\(self.port)",
                "--tls-cert-file=\(identity.certificate)", "--tls-private-key-file=\(identity.key)",
                "--cert-dir=\(path("kube"))", "--token-auth-file=\(path("tokens"))", "--authorization-mode=RBAC",
                "--service-account-key-file=\(path("accounts.key"))",
                "--service-account-signing-key-file=\(path("accounts.key"))",
                "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24",
                "--disable-admission-plugins=ServiceAccount",
            ] + arguments
        )
        try await self.ready()
    }

    /// Until the namespace is there that the tests write to.
    private func ready() async throws {
        let http = HTTPClient.fresh("https://127.0.0.1:\(self.port)") { configuration in
            configuration.tls = TLSConfiguration(authorities: .file(self.authority))
            configuration.headers[.authorization] = "Bearer \(Self.token)"
        }
        while true {
            if (try? await http.reply(to: .get, "api/v1/namespaces/default")) != nil { return }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    func configuration(_ port: Int? = nil) -> KubernetesConfiguration {
        var configuration = KubernetesConfiguration.forTests("https://127.0.0.1:\(port ?? self.port)")
        configuration.webSocket.tls = TLSConfiguration(authorities: .file(self.authority))
        configuration.credentials = { _ in
            Credentials(headers: [HTTPHeader("Authorization", "Bearer \(Self.token)")])
        }
        return configuration
    }

    /// A kubeconfig for it, as kubectl would have it.
    func kubeconfig(token: String = KubernetesCluster.token) throws -> String {
        let path = self.certificates.folder.appending(path: "config").path
        try """
        apiVersion: v1
        kind: Config
        current-context: test
        contexts:
        - name: test
          context: {cluster: test, user: tester, namespace: default}
        clusters:
        - name: test
          cluster:
            certificate-authority: \(self.authority)
            server: https://127.0.0.1:\(self.port)
        users:
        - name: tester
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1beta1
              command: sh
              args:
              - -c
              - >-
                printf '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential",
                "status":{"token":"\(token)"}}'
        """.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    func stop() {
        self.server.stop()
        self.etcd.stop()
    }
}
