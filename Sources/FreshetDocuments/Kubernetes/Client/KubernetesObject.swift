// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What is read of an object without decoding it.
struct KubernetesObject {
    private(set) var name = ""
    private(set) var namespace = ""
    private(set) var version = ""
    /// Objects in a list come without them.
    private var hasKind = false
    private var hasVersion = false
    private let bytes: Bytes

    /// - Throws: `.decoding` when it is not an object with a name and a version.
    init(_ bytes: Bytes) throws(FreshetError) {
        self.bytes = bytes
        var metadata: Bytes?
        let isWhole = JSONMembers.forEach(in: bytes) { key, value in
            if key.elementsEqual("metadata") { metadata = value }
            if key.elementsEqual("kind") { self.hasKind = true }
            if key.elementsEqual("apiVersion") { self.hasVersion = true }
        }
        if let metadata {
            JSONMembers.forEach(in: metadata) { key, value in
                if key.elementsEqual("name") { self.name = Self.text(value) }
                if key.elementsEqual("namespace") { self.namespace = Self.text(value) }
                if key.elementsEqual("resourceVersion") { self.version = Self.text(value) }
            }
        }
        guard isWhole, !self.name.isEmpty, !self.version.isEmpty else {
            throw FreshetError(
                .decoding,
                "an object of the Kubernetes API without a name or a resourceVersion",
                hint: "check the server's URL"
            )
        }
    }

    private static func text(_ value: Bytes) -> String { JSONValue(scalar: value)?.text ?? "" }

    /// The document, with kind and apiVersion where it had none and they are given: so an object is the same whichever way it
    /// came.
    func document(_ path: KubernetesPath, kind: String? = nil, version: String? = nil) -> RawDocument {
        var head = ""
        if !self.hasKind, let kind { head += "\"kind\":\"\(kind)\"," }
        if !self.hasVersion, let version { head += "\"apiVersion\":\"\(version)\"," }
        var value = self.bytes
        if !head.isEmpty {
            var all = Array("{\(head)".utf8)
            self.bytes.withBytes { all.append(contentsOf: $0.drop { $0 != UInt8(ascii: "{") }.dropFirst()) }
            value = Bytes(copying: all)
        }
        return RawDocument(
            key: path.key(name: self.name, namespace: self.namespace),
            version: self.version,
            value: value
        )
    }

    // MARK: - Writing

    /// An object as it is sent: with its name, its namespace, and the version that it must have, or none.
    ///
    /// - Throws: `.invalidInput` when it is no JSON object, or says that it is another one.
    static func body(
        _ value: Bytes,
        name: String,
        namespace: String?,
        version: String? = nil
    ) throws(FreshetError) -> Bytes {
        guard case .object(var members)? = try? JSONDecoder().decode(JSONValue.self, from: Data(value.array)) else {
            throw FreshetError(.invalidInput, "an object of Kubernetes is written as a JSON object")
        }
        var metadata: [String: JSONValue] = [:]
        if case .object(let given)? = members["metadata"] { metadata = given }
        for (field, wanted) in [("name", name), ("namespace", namespace)] {
            guard let wanted else { continue }
            if let said = metadata[field]?.text, said != wanted {
                throw FreshetError(
                    .invalidInput,
                    "the object's metadata.\(field) is \(said.prefix(80)), and its key says \(wanted.prefix(80))"
                )
            }
            metadata[field] = .string(wanted)
        }
        metadata["resourceVersion"] = version.map { .string($0) }
        members["metadata"] = .object(metadata)
        do {
            return Bytes(copying: try JSONEncoder().encode(JSONValue.object(members)))
        } catch {
            throw FreshetError(.invalidInput, "the object cannot be written as JSON")
        }
    }
}

/// The members of a JSON object, not parsed.
enum JSONMembers {
    /// - Returns: whether that was all of it: text that is not a JSON object has none, and of one that is broken those before the
    ///   break are handed out.
    @discardableResult
    static func forEach(in json: Bytes, _ body: (_ key: Bytes, _ value: Bytes) -> Void) -> Bool {
        json.withBytes { bytes in
            do throws(JSONScanner.Failure) {
                var scanner = try JSONScanner(bytes)
                while let member = try scanner.next() { body(json[member.key], json[member.value]) }
                return true
            } catch {
                return false
            }
        }
    }
}
