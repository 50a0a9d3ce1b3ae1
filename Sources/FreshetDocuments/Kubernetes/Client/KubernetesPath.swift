// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetHTTP

/// Where the objects of one kind are: `/api/v1/namespaces/default/pods`, `/apis/apps/v1/deployments`.
struct KubernetesPath: Sendable, Hashable {
    private let version: String
    private let plural: String
    /// The one namespace that it is about; nil: all of them, or a kind without namespaces.
    let namespace: String?
    private let selectors: String

    /// - Throws: `.invalidInput` for what cannot be a name.
    init(
        _ version: String,
        _ plural: String,
        namespace: String?,
        labels: String? = nil,
        fields: String? = nil
    ) throws(FreshetError) {
        let parts = version.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        guard (1...2).contains(parts.count), parts.allSatisfy(Self.isName) else {
            throw FreshetError(
                .invalidInput,
                "this is no version of a Kubernetes API: \(version.prefix(80))",
                hint: "\"v1\", or a group and a version as in \"apps/v1\""
            )
        }
        guard Self.isName(plural) else {
            throw FreshetError(
                .invalidInput,
                "this is no resource of Kubernetes: \(plural.prefix(80))",
                hint: "in the plural and in small letters, as in \"pods\""
            )
        }
        if let namespace, !Self.isName(namespace) {
            throw FreshetError(.invalidInput, "this is no namespace: \(namespace.prefix(80))")
        }
        self.version = parts.count == 1 ? "/api/\(version)" : "/apis/\(version)"
        self.plural = plural
        self.namespace = namespace
        let all = [("labelSelector", labels), ("fieldSelector", fields)]
        self.selectors = all.compactMap { name, text in text.map { "&\(name)=\(HTTPQuery.encoded($0))" } }.joined()
    }

    /// A name of Kubernetes (RFC 1123), by its letters alone; some kinds allow `:` as well.
    private static func isName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private func collection(in namespace: String?) -> String {
        namespace.map { "\(self.version)/namespaces/\($0)/\(self.plural)" } ?? "\(self.version)/\(self.plural)"
    }

    /// A page of the list, with the selectors.
    func list(limit: Int, continue token: String? = nil) -> String {
        let rest = token.map { "&continue=\(HTTPQuery.encoded($0))" } ?? ""
        return "\(self.collection(in: self.namespace))?limit=\(limit)\(self.selectors)\(rest)"
    }

    /// What is watched, without the version that it begins after.
    var watch: String {
        "\(self.collection(in: self.namespace))?watch=1&allowWatchBookmarks=true\(self.selectors)"
    }

    /// Name and namespace of a key: `name`, or `namespace/name` where this is about all namespaces.
    func parts(of key: String) throws(FreshetError) -> (namespace: String?, name: String) {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
        if parts.count == 1, Self.isName(key) { return (self.namespace, key) }
        if parts.count == 2, self.namespace == nil, parts.allSatisfy(Self.isName) { return (parts[0], parts[1]) }
        throw FreshetError(
            .invalidInput,
            "this is no key of an object: \(key.prefix(80))",
            hint: self.namespace == nil ? "namespace/name, or the name alone" : "the name alone: the namespace is known"
        )
    }

    func object(_ key: String) throws(FreshetError) -> String {
        let (namespace, name) = try self.parts(of: key)
        return "\(self.collection(in: namespace))/\(name)"
    }

    /// Where an object of this key is created.
    func collection(of key: String) throws(FreshetError) -> String {
        self.collection(in: try self.parts(of: key).namespace)
    }

    /// The key of an object.
    func key(name: String, namespace: String) -> String {
        self.namespace != nil || namespace.isEmpty ? name : "\(namespace)/\(name)"
    }
}
