// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
public import FreshetCore
import FreshetTransport

extension KubernetesConfiguration {
    /// Reads a kubeconfig, as kubectl does: server, authorities, proxy, namespace, and the user with a client certificate, a
    /// token, a file with one, or a plugin that is run for one (`exec`).
    ///
    /// - Parameters:
    ///   - path: the file; nil: those that KUBECONFIG names, with `:` between them, or `~/.kube/config`.
    ///   - context: which context; nil: the current one.
    /// - Returns: the configuration. Tokens and certificates are read when they are needed first; tokens from files and plugins
    ///   are asked for anew when they expire, and after a 401.
    /// - Throws: `.invalidInput` when there is no such file or context, when a file is none (with the line), or when it wants
    ///   what is not supported: user names with passwords, `auth-provider`.
    public static func kubeconfig(
        _ path: String? = nil,
        context: String? = nil
    ) throws(FreshetError) -> KubernetesConfiguration {
        try KubeConfig(files: path.map { [$0] } ?? Self.defaultFiles()).configuration(context: context)
    }

    static func defaultFiles(
        _ environment: (String) -> String? = ProcessEnvironment.value(of:)
    ) -> [String] {
        if let list = environment("KUBECONFIG"), !list.isEmpty {
            return list.split(separator: ":").map { String($0) }
        }
        return ["\(environment("HOME") ?? "")/.kube/config"]
    }

    /// Where a pod finds its cluster: the service account's token, which is read again as it is renewed, and the cluster's
    /// authority.
    ///
    /// - Returns: the configuration, with the pod's namespace.
    /// - Throws: `.invalidInput` when this does not run in a pod.
    public static func inCluster() throws(FreshetError) -> KubernetesConfiguration {
        try self.inCluster(
            folder: "/var/run/secrets/kubernetes.io/serviceaccount",
            environment: ProcessEnvironment.value(of:)
        )
    }

    static func inCluster(
        folder: String,
        environment: (String) -> String?
    ) throws(FreshetError) -> KubernetesConfiguration {
        guard let host = environment("KUBERNETES_SERVICE_HOST"), !host.isEmpty,
            let port = environment("KUBERNETES_SERVICE_PORT"), !port.isEmpty
        else {
            throw FreshetError(
                .invalidInput,
                "this does not run in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
                hint: "use a kubeconfig"
            )
        }
        let file = TokenFile(path: "\(folder)/token")
        // A pod without a token is found out at once.
        _ = try file.credentials()
        let namespace = try? Data(contentsOf: URL(filePath: "\(folder)/namespace"))
        return KubernetesConfiguration(
            server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
            namespace: namespace.map { String(decoding: $0, as: UTF8.self).trimmingLines },
            tls: TLSConfiguration(authorities: .file("\(folder)/ca.crt")),
            credentials: { _ in try file.credentials() }
        )
    }
}

extension String {
    /// Without white space and line breaks around it.
    var trimmingLines: String {
        var text = self[...]
        while text.last?.isWhitespace == true { text = text.dropLast() }
        return String(text.drop(while: \.isWhitespace))
    }
}

extension KubeConfig {
    /// What a context comes to.
    func configuration(context name: String?) throws(FreshetError) -> KubernetesConfiguration {
        let context = try Self.find(
            name ?? self.currentContext,
            in: self.contexts,
            name == nil ? "current context" : "context"
        )
        let cluster = try Self.find(try context.text("cluster"), in: self.clusters, "cluster")
        guard let server = try cluster.text("server") else {
            throw FreshetError(.invalidInput, "the kubeconfig's cluster \(cluster.name) has no server")
        }
        // As kubectl takes it.
        let url = server.contains("://") ? server : "https://\(server)"
        var configuration = KubernetesConfiguration(server: url, namespace: try context.text("namespace"))
        configuration.webSocket.tls.authorities = try Self.pem(cluster, "certificate-authority")
        configuration.webSocket.tls.acceptsAnyCertificate = cluster.isSet("insecure-skip-tls-verify")
        configuration.webSocket.tls.serverName = try cluster.text("tls-server-name")
        if let proxy = try cluster.text("proxy-url") { configuration.webSocket.proxy = .proxy(try Proxy(proxy)) }
        // A context without a user is one who shows nothing.
        guard let user = try context.text("user") else { return configuration }
        try Self.apply(try Self.find(user, in: self.users, "user"), cluster, to: &configuration)
        return configuration
    }

    private static func apply(
        _ user: Entry,
        _ cluster: Entry,
        to configuration: inout KubernetesConfiguration
    ) throws(FreshetError) {
        for field in ["username", "password", "auth-provider", "as-uid", "as-user-extra"]
        where user.fields[field] != nil {
            throw FreshetError(
                .invalidInput,
                "the kubeconfig's user \(user.name) has \(field), which is not supported",
                hint: "use a token, a client certificate, or an exec plugin"
            )
        }
        if let certificate = try self.pem(user, "client-certificate") {
            guard let key = try self.pem(user, "client-key") else {
                throw FreshetError(.invalidInput, "the kubeconfig's user \(user.name) has a certificate without a key")
            }
            configuration.webSocket.tls.identity = TLSConfiguration.Identity(certificate: certificate, key: key)
        }
        if let path = try user.path("tokenFile") {
            let file = TokenFile(path: path)
            configuration.credentials = { _ in try file.credentials() }
        } else if let token = try user.text("token") {
            configuration.credentials = { _ in .kubernetes(token) }
        } else if let exec = user.object("exec") {
            let plugin = ExecPlugin(try ExecCommand(exec, of: user, for: cluster))
            configuration.credentials = { reason in try await plugin.credentials(reason) }
        }
        if let person = try user.text("as") {
            configuration.webSocket.headers.append(HTTPHeader("Impersonate-User", person))
        }
        for group in user.list("as-groups").compactMap(\.text) {
            configuration.webSocket.headers.append(HTTPHeader("Impersonate-Group", group))
        }
    }

    /// PEM from the field with `-data`, in base64, or else from the file that the field itself names.
    private static func pem(_ entry: Entry, _ field: String) throws(FreshetError) -> TLSConfiguration.PEM? {
        if let text = try entry.text("\(field)-data") {
            let packed = text.filter { !$0.isWhitespace }
            guard let data = Data(base64Encoded: packed) else {
                throw FreshetError(.invalidInput, "the kubeconfig's \(field)-data of \(entry.name) is not base64")
            }
            return .text(String(decoding: data, as: UTF8.self))
        }
        return try entry.path(field).map { .file($0) }
    }
}

extension Credentials {
    /// A bearer token, as a header alone.
    static func kubernetes(_ token: String, lifetime: Duration? = nil) -> Credentials {
        Credentials(headers: [HTTPHeader("Authorization", "Bearer \(token)")], lifetime: lifetime)
    }
}
