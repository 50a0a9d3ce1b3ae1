// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// A plugin that prints credentials, as the kubeconfig describes it.
struct ExecCommand: Sendable, Hashable {
    let path: String
    let arguments: [String]
    /// In addition to this process's own.
    let environment: [String: String]
    let version: String
    /// What to do where it is not installed.
    let installHint: String?

    static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    init(
        _ exec: [String: JSONValue],
        of user: KubeConfig.Entry,
        for cluster: KubeConfig.Entry
    ) throws(FreshetError) {
        guard let command = exec["command"]?.text, !command.isEmpty else {
            throw FreshetError(.invalidInput, "the kubeconfig's user \(user.name) has an exec without a command")
        }
        guard let version = exec["apiVersion"]?.text, Self.versions.contains(version) else {
            throw FreshetError(
                .invalidInput,
                "the exec of the kubeconfig's user \(user.name) has an apiVersion that is not supported",
                hint: "it must be one of \(Self.versions.joined(separator: ", "))"
            )
        }
        // A path is relative to the kubeconfig, a name is looked for in PATH.
        self.path = command.contains("/") && !command.hasPrefix("/") ? "\(user.folder)/\(command)" : command
        if case .array(let items)? = exec["args"] {
            self.arguments = items.compactMap(\.execText)
        } else {
            self.arguments = []
        }
        var environment: [String: String] = [:]
        if case .array(let items)? = exec["env"] {
            for case .object(let item) in items {
                if let name = item["name"]?.text, let value = item["value"]?.execText { environment[name] = value }
            }
        }
        self.version = version
        self.installHint = exec["installHint"]?.text
        var spec: [String: JSONValue] = ["interactive": false]
        if exec["provideClusterInfo"] == .bool(true) { spec["cluster"] = try Self.info(of: cluster) }
        let info: JSONValue = ["apiVersion": .string(version), "kind": "ExecCredential", "spec": .object(spec)]
        environment["KUBERNETES_EXEC_INFO"] = try DocumentCoding<JSONValue>.json.encode(info).text
        self.environment = environment
    }

    private static func info(of cluster: KubeConfig.Entry) throws(FreshetError) -> JSONValue {
        var info: [String: JSONValue] = [:]
        for field in ["server", "tls-server-name", "certificate-authority-data", "proxy-url"] {
            if let text = try cluster.text(field) { info[field] = .string(text) }
        }
        if info["certificate-authority-data"] == nil, let path = try cluster.path("certificate-authority"),
            let data = try? Data(contentsOf: URL(filePath: path))
        {
            info["certificate-authority-data"] = .string(data.base64EncodedString())
        }
        if cluster.isSet("insecure-skip-tls-verify") { info["insecure-skip-tls-verify"] = true }
        if case .array(let extensions)? = cluster.fields["extensions"] {
            for case .object(let item) in extensions where item["name"] == "client.authentication.k8s.io/exec" {
                info["config"] = item["extension"]
            }
        }
        return .object(info)
    }
}

extension JSONValue {
    /// An argument may look like a boolean to YAML.
    fileprivate var execText: String? {
        switch self {
        case .string(let text): text
        case .bool(let bool): "\(bool)"
        case .null: ""
        default: nil
        }
    }
}
