// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTransport
import Logging

/// What the command line says beside the URL.
struct DocumentSettings {
    var webSocket = WebSocketConfiguration()
    var policy = ConnectionPolicy()
    var token: String?
    var labels: String?
    var fields: String?
    var logger = Logger(label: "freshet")
}

extension DocumentURL {
    /// The documents, and a client for them; nothing is connected yet.
    func target(_ settings: DocumentSettings) throws(FreshetError) -> DocumentTarget {
        guard self.kind == .k8s || settings.labels == nil && settings.fields == nil else {
            throw FreshetError(.invalidInput, "--selector and --field-selector are for k8s:// alone")
        }
        switch self.kind {
        case .etcd, .etcds: return try self.etcd(settings)
        case .nats, .natss: return try self.nats(settings)
        case .k8s: return try self.kubernetes(settings)
        case .rtdb, .rtdbs: return try self.realtimeDatabase(settings)
        case .firestore: return try self.firestore(settings)
        }
    }

    private func etcd(_ settings: DocumentSettings) throws(FreshetError) -> DocumentTarget {
        var configuration = EtcdClientConfiguration(webSocket: settings.webSocket, policy: settings.policy)
        if let user { configuration.user = EtcdUser(name: user, password: self.password ?? "") }
        if let token = settings.token {
            configuration.credentials = { _ in Credentials(headers: [HTTPHeader("Authorization", token)]) }
        }
        let client = EtcdClient(url: self.server, configuration: configuration, logger: settings.logger)
        return DocumentTarget(
            source: self.source,
            documents: client.documents(under: self.path, coding: .bytes),
            key: self.path.isEmpty || self.path.hasSuffix("/") ? nil : self.path,
            states: { client.connectionStates },
            hint: { client.hint($0) },
            end: { await client.close() }
        )
    }

    private func nats(_ settings: DocumentSettings) throws(FreshetError) -> DocumentTarget {
        let parts = self.path.split(separator: "/", maxSplits: 1).map(String.init)
        guard let bucket = parts.first else {
            throw FreshetError(.invalidInput, "the URL names no bucket", hint: "nats+ws://host:port/BUCKET/key.>")
        }
        var configuration = NATSClientConfiguration(webSocket: settings.webSocket, policy: settings.policy)
        if let user, let password { configuration.authentication = .user(user, password: password) }
        if let token = settings.token ?? (self.password == nil ? self.user : nil) {
            configuration.authentication = .token(token)
        }
        let client = NATSClient(url: self.server, configuration: configuration, logger: settings.logger)
        let all = client.bucket(bucket, coding: .bytes)
        let filter = parts.count > 1 ? parts[1] : nil
        let isPattern = filter?.split(separator: ".").contains { $0 == "*" || $0 == ">" } ?? true
        return DocumentTarget(
            source: self.source,
            documents: filter.map { all.keys($0) } ?? all,
            key: isPattern ? nil : filter,
            states: { client.connectionStates },
            hint: { client.hint($0) },
            end: { await client.close() },
            explaining: { Self.explaining($0, bucket: bucket) }
        )
    }

    /// JetStream speaks of the stream that a bucket is made of.
    static func explaining(_ error: FreshetError, bucket: String) -> FreshetError {
        guard error.kind == .notFound, error.message.contains("stream not found") else { return error }
        return FreshetError(error.kind, error.message, hint: "create the bucket first: nats kv add \(bucket)")
    }

    private func kubernetes(_ settings: DocumentSettings) throws(FreshetError) -> DocumentTarget {
        let parts = self.path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else {
            throw FreshetError(
                .invalidInput,
                "the URL names no namespace and kind",
                hint: "k8s://context/namespace/pods, with - for all namespaces; deployments.v1.apps for other groups"
            )
        }
        var configuration =
            try self.authority == "in-cluster"
            ? KubernetesConfiguration.inCluster() : .kubeconfig(context: self.authority.isEmpty ? nil : self.authority)
        configuration.webSocket.pingInterval = settings.webSocket.pingInterval
        configuration.webSocket.pongDeadline = settings.webSocket.pongDeadline
        configuration.webSocket.deadline = settings.webSocket.deadline
        configuration.webSocket.headers += settings.webSocket.headers
        configuration.policy.attempts = settings.policy.attempts
        if let token = settings.token { configuration.credentials = { _ in .bearer(token) } }
        let client = try KubernetesClient(configuration, logger: settings.logger)
        // As kubectl writes it: kind, version, group.
        let words = parts[1].split(separator: ".", maxSplits: 2).map(String.init)
        let version = words.count == 3 ? "\(words[2])/\(words[1])" : words.count == 2 ? words[1] : "v1"
        let name = parts.count == 3 ? parts[2] : nil
        let documents = try client.resources(
            of: version,
            words[0],
            coding: .bytes,
            namespace: parts[0] == "-" ? nil : parts[0],
            labels: settings.labels,
            fields: name.map { "metadata.name=\($0)" } ?? settings.fields
        )
        return DocumentTarget(
            source: self.source,
            documents: documents,
            key: name,
            states: { client.connectionStates },
            hint: { client.hint($0) },
            end: { await client.close() }
        )
    }
}
