// SPDX-License-Identifier: Apache-2.0

import Foundation
import Freshet
import FreshetDocuments
import FreshetTestSupport
import Testing

/// From a kubeconfig to a watch: TLS with an authority of its own, and tokens that somebody renews. Against the stand-in.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct KubeConfigInteropTests {
    @Test("A token is read again when the server no longer accepts the last one", arguments: ["tokenFile", "exec"])
    func renewed(user: String) async throws {
        let certificates = try Certificates()
        let authority = try await certificates.authority()
        let identity = try await certificates.signed("server", for: "IP:127.0.0.1")
        let server = try await KubernetesStandIn(
            "--token",
            "first",
            certificate: identity.certificate,
            key: identity.key,
            authority: authority
        )
        defer { server.stop() }
        let folder = certificates.folder.path
        func write(token: String) throws {
            try "\(token)\n".write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
        }
        try write(token: "first")
        let credential =
            #"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}"#
        try """
        current-context: test
        contexts: [{name: test, context: {cluster: test, user: \(user), namespace: default}}]
        clusters:
        - name: test
          cluster:
            server: \(server.url)
            certificate-authority: \(authority)
        users:
        - name: tokenFile
          user: {tokenFile: token}
        - name: exec
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1
              command: ./plugin
              args: [token]
        """.write(toFile: "\(folder)/config", atomically: true, encoding: .utf8)
        let plugin = "\(folder)/plugin"
        try "#!/bin/sh\nprintf '\(credential)' \"$(cat \(folder)/$1)\"\n".write(
            toFile: plugin,
            atomically: true,
            encoding: .utf8
        )
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: plugin)

        var configuration = try KubernetesConfiguration.kubeconfig("\(folder)/config")
        configuration.webSocket.proxy = .none
        let client = try KubernetesClient(configuration)
        let maps: KubernetesResources<ConfigMap> = try client.resources(
            of: "v1",
            "configmaps",
            namespace: configuration.namespace
        )
        let log = DocumentLog(maps.watch())
        await log.entries(1)
        try await maps.create("a", ConfigMap("1"))
        await log.entries(2)
        try write(token: "second")
        try await server.tell(["tokens": ["second"], "cut": true])
        try await maps.put("a", ConfigMap("2"))
        #expect(await log.entries(3) == [.snapshot([:]), .put("a", "1"), .put("a", "2")])
        let counts = try await server.counts()
        #expect(counts.unauthorized >= 1)
        #expect(counts.webSockets >= 2)
        await client.close()
    }
}
