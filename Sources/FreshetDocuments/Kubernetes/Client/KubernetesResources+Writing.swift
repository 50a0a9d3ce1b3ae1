// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FreshetHTTP
import HTTPTypes

/// Writing. Each request is sent once, unless it certainly was not executed; where that cannot be known, `.outcomeUnknown` is
/// thrown. All of these throw `.validation` with the fields that are wrong, `.forbidden`, and why there was no answer.
extension KubernetesResources {
    /// Creates an object.
    ///
    /// - Parameters:
    ///   - key: its name, or `namespace/name`; it is put into `metadata`.
    ///   - value: the object.
    /// - Returns: its version.
    /// - Throws: `.conflict` when there is one already.
    @discardableResult
    public func create(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        let body = try self.body(key, value)
        return try self.version(of: try await self.client.api.write(.post, try self.path.collection(of: key), body))
    }

    /// Replaces an object, whatever it is now, or creates it.
    ///
    /// Custom resources cannot be replaced without a version: the server says so by `.validation`. Use
    /// ``update(_:_:ifVersion:)`` then.
    ///
    /// - Parameters:
    ///   - key: its name, or `namespace/name`.
    ///   - value: what it is to be; a `metadata.resourceVersion` in it does not count.
    /// - Returns: its version.
    /// - Throws: `.conflict` when others create and delete it all the time.
    @discardableResult
    public func put(_ key: String, _ value: Value) async throws(FreshetError) -> String {
        do throws(FreshetError) {
            return try await self.replace(key, value, nil)
        } catch {
            guard case .notFound = error.kind else { throw error }
        }
        do throws(FreshetError) {
            return try await self.create(key, value)
        } catch {
            guard case .conflict = error.kind else { throw error }
        }
        return try await self.replace(key, value, nil)
    }

    /// Replaces an object, if it is still of a version.
    ///
    /// - Parameters:
    ///   - key: its name, or `namespace/name`.
    ///   - value: what it is to be.
    ///   - version: the version that it must have.
    /// - Returns: its new version.
    /// - Throws: `.conflict(version: nil)` when it is of another version, which Kubernetes does not tell; `.notFound`.
    @discardableResult
    public func update(
        _ key: String,
        _ value: Value,
        ifVersion version: String
    ) async throws(FreshetError) -> String {
        try await self.replace(key, value, version)
    }

    private func replace(_ key: String, _ value: Value, _ version: String?) async throws(FreshetError) -> String {
        let body = try self.body(key, value, version)
        return try self.version(of: try await self.client.api.write(.put, try self.path.object(key), body))
    }

    /// Changes parts of an object: a merge patch (RFC 7396).
    ///
    /// - Parameters:
    ///   - key: its name, or `namespace/name`.
    ///   - changes: what is to be changed, as in `["data": ["color": "red"]]`; null removes.
    ///   - version: the version that it must have; nil: any.
    /// - Returns: its new version.
    /// - Throws: `.conflict` when it is of another version, `.notFound`.
    @discardableResult
    public func patch(
        _ key: String,
        _ changes: JSONValue,
        ifVersion version: String? = nil
    ) async throws(FreshetError) -> String {
        var changes = changes
        if let version, case .object(var members) = changes {
            var metadata: [String: JSONValue] = [:]
            if case .object(let given)? = members["metadata"] { metadata = given }
            metadata["resourceVersion"] = .string(version)
            members["metadata"] = .object(metadata)
            changes = .object(members)
        }
        let body = try DocumentCoding<JSONValue>.json.encode(changes)
        let answer = try await self.client.api.write(
            .patch,
            try self.path.object(key),
            body,
            type: "application/merge-patch+json"
        )
        return try self.version(of: answer)
    }

    /// Deletes an object. One with finalizers is only marked, and goes when they are gone.
    ///
    /// - Parameters:
    ///   - key: its name, or `namespace/name`.
    ///   - version: the version that it must have; nil: any.
    /// - Throws: `.notFound` where there is none, `.conflict` when it is of another version.
    public func delete(_ key: String, ifVersion version: String? = nil) async throws(FreshetError) {
        var options: [String: JSONValue] = ["kind": "DeleteOptions", "apiVersion": "v1"]
        if let version { options["preconditions"] = ["resourceVersion": .string(version)] }
        let body = try DocumentCoding<JSONValue>.json.encode(.object(options))
        _ = try await self.client.api.write(.delete, try self.path.object(key), body)
    }

    private func body(_ key: String, _ value: Value, _ version: String? = nil) throws(FreshetError) -> Bytes {
        let (namespace, name) = try self.path.parts(of: key)
        return try KubernetesObject.body(
            try self.coding.encode(value),
            name: name,
            namespace: namespace,
            version: version
        )
    }

    private func version(of answer: Bytes) throws(FreshetError) -> String {
        do throws(FreshetError) {
            return try KubernetesObject(answer).version
        } catch {
            throw FreshetError(.outcomeUnknown, "the write was answered with what is no object", hint: error.hint)
        }
    }
}
