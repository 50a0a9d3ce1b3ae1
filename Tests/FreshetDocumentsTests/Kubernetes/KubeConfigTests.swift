// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// What a kubeconfig comes to.
@Suite struct KubeConfigTests {
    private static let text = """
        apiVersion: v1
        kind: Config
        current-context: dev
        preferences: {}
        clusters:
        - cluster:
            certificate-authority-data: Q0EgUEVN
            server: 10.0.0.1:6443
            tls-server-name: kube.example
          name: one
        - name: two
          cluster:
            server: https://two.example/k8s/
            certificate-authority: pki/ca.crt
            insecure-skip-tls-verify: true
            proxy-url: http://proxy.example:3128
        contexts:
        - context: {cluster: one, user: token, namespace: team}
          name: dev
        - context: {cluster: two, user: certificate}
          name: ops
        - context: {cluster: two, user: nobody}
          name: lost
        - context: {cluster: one, user: basic}
          name: old
        - context: {cluster: one}
          name: anonymous
        users:
        - name: token
          user:
            token: hunter2hunter2
            as: somebody
            as-groups: [one, two]
        - name: certificate
          user:
            client-certificate: pki/me.crt
            client-key-data: S0VZ
        - name: basic
          user: {username: a, password: b}
        """

    private static func configuration(_ context: String? = nil) throws -> KubernetesConfiguration {
        try KubeConfig(Self.text, path: "/home/me/.kube/config").configuration(context: context)
    }

    @Test("The current context has its server, namespace, authority and token")
    func current() async throws {
        let configuration = try Self.configuration()
        #expect(configuration.server == "https://10.0.0.1:6443")
        #expect(configuration.namespace == "team")
        #expect(configuration.webSocket.tls.authorities == .text("CA PEM"))
        #expect(configuration.webSocket.tls.serverName == "kube.example")
        #expect(
            configuration.webSocket.headers.map(\.name) == [
                "Impersonate-User", "Impersonate-Group", "Impersonate-Group",
            ]
        )
        let provider = try #require(configuration.credentials)
        let credentials = try await provider(.connecting)
        #expect(credentials.headers == [HTTPHeader("Authorization", "Bearer hunter2hunter2")])
        #expect(!"\(configuration) \(credentials)".contains("hunter2"))
    }

    @Test("Another context has its certificate, with paths relative to the file, and its proxy")
    func named() throws {
        let configuration = try Self.configuration("ops")
        #expect(configuration.base == "https://two.example/k8s")
        #expect(configuration.webSocket.tls.authorities == .file("/home/me/.kube/pki/ca.crt"))
        #expect(configuration.webSocket.tls.acceptsAnyCertificate)
        #expect(
            configuration.webSocket.tls.identity
                == .init(certificate: .file("/home/me/.kube/pki/me.crt"), key: .text("KEY"))
        )
        #expect(configuration.webSocket.proxy == .proxy(Proxy(host: "proxy.example", port: 3128)))
        #expect(configuration.credentials == nil)
        #expect(try Self.configuration("anonymous").credentials == nil)
    }

    @Test("What is missing or not supported is said", arguments: ["lost", "none", "old"])
    func refused(context: String) throws {
        let error = #expect(throws: FreshetError.self) { try Self.configuration(context) }
        #expect(error?.kind == .invalidInput)
    }

    @Test("Of several files the first word counts, and paths are relative to their own")
    func merged() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-kube-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder.appending(path: "b"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (first, second) = (folder.appending(path: "a").path, folder.appending(path: "b/config").path)
        try "current-context: x\nusers:\n- name: u\n  user: {tokenFile: token}\n"
            .write(toFile: first, atomically: true, encoding: .utf8)
        try """
        current-context: y
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "http://c", certificate-authority: ca}}]
        users: [{name: u, user: {token: second}}]
        """.write(toFile: second, atomically: true, encoding: .utf8)
        let files = KubernetesConfiguration.defaultFiles {
            $0 == "KUBECONFIG" ? "\(folder.path)/none:\(first):\(second)" : nil
        }
        let configuration = try KubeConfig(files: files).configuration(context: nil)
        #expect(configuration.server == "http://c")
        #expect(configuration.webSocket.tls.authorities == .file("\(folder.path)/b/ca"))
        try "from the file\n".write(toFile: "\(folder.path)/token", atomically: true, encoding: .utf8)
        let credentials = try TokenFile(path: "\(folder.path)/token").credentials()
        #expect(credentials.headers.first?.value == "Bearer from the file")
        #expect(configuration.credentials != nil)
        #expect(throws: FreshetError.self) { try KubeConfig(files: ["\(folder.path)/none"]) }
        #expect(KubernetesConfiguration.defaultFiles { $0 == "HOME" ? "/home/me" : nil } == ["/home/me/.kube/config"])
    }

    @Test(
        "What is no kubeconfig is refused with its line",
        arguments: ["- a\n- b", "clusters: 3", "clusters:\n- cluster: {}\n", "x: &y z"]
    )
    func malformed(text: String) throws {
        let error = #expect(throws: FreshetError.self) {
            try KubeConfig(text, path: "config").configuration(context: nil)
        }
        #expect(error?.message.contains("config") == true)
    }

    @Test("A pod finds its cluster by its environment and its service account")
    func inCluster() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "freshet-pod-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        #expect(throws: FreshetError.self) {
            try KubernetesConfiguration.inCluster(folder: folder.path) { environment[$0] }
        }
        try "a token\n".write(toFile: "\(folder.path)/token", atomically: true, encoding: .utf8)
        try "team\n".write(toFile: "\(folder.path)/namespace", atomically: true, encoding: .utf8)
        let configuration = try KubernetesConfiguration.inCluster(folder: folder.path) { environment[$0] }
        #expect(configuration.server == "https://[fd00::1]:443")
        #expect(configuration.namespace == "team")
        #expect(throws: FreshetError.self) { try KubernetesConfiguration.inCluster(folder: folder.path) { _ in nil } }
    }
}
