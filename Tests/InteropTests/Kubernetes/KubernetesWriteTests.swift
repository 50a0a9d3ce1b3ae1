// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetDocuments
import FreshetTestSupport
import Testing

/// Reads and writes against the stand-in.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct KubernetesWriteTests {
    private static func world() async throws -> (KubernetesStandIn, KubernetesResources<ConfigMap>) {
        let server = try await KubernetesStandIn()
        let client = try KubernetesClient(server.configuration())
        return (server, try client.resources(of: "v1", "configmaps", namespace: "default"))
    }

    @Test("An object is created once, and read with its version")
    func create() async throws {
        let (server, maps) = try await Self.world()
        defer { server.stop() }
        let version = try await maps.create("a", ConfigMap("1"))
        let document = try await maps.get("a")
        #expect(document == Document(key: "a", version: version, value: document.value))
        #expect(document.value.value == "1")
        #expect(await failure { _ = try await maps.create("a", ConfigMap("2")) }?.kind == .conflict(version: nil))
        #expect(await failure { _ = try await maps.get("b") }?.kind == .notFound)
    }

    @Test("Put creates or replaces; update replaces one version only")
    func replace() async throws {
        let (server, maps) = try await Self.world()
        defer { server.stop() }
        let first = try await maps.put("a", ConfigMap("1"))
        let second = try await maps.put("a", ConfigMap("2"))
        #expect(first != second)
        #expect(
            await failure { _ = try await maps.update("a", ConfigMap("3"), ifVersion: first) }?.kind
                == .conflict(version: nil)
        )
        let third = try await maps.update("a", ConfigMap("3"), ifVersion: second)
        #expect(try await maps.get("a").version == third)
        #expect(
            await failure { _ = try await maps.update("b", ConfigMap("3"), ifVersion: second) }?.kind == .notFound
        )
    }

    @Test("A patch changes what it names")
    func patch() async throws {
        let (server, maps) = try await Self.world()
        defer { server.stop() }
        let first = try await maps.create("a", ConfigMap("1", labels: ["app": "web"]))
        let second = try await maps.patch("a", ["data": ["value": "2"]])
        let value = try await maps.get("a").value
        #expect(value.value == "2")
        #expect(value.metadata.labels == ["app": "web"])
        #expect(
            await failure { _ = try await maps.patch("a", ["data": [:]], ifVersion: first) }?.kind
                == .conflict(version: nil)
        )
        _ = try await maps.patch("a", ["data": ["value": nil]], ifVersion: second)
        #expect(try await maps.get("a").value.value == "")
    }

    @Test("A delete may demand a version")
    func delete() async throws {
        let (server, maps) = try await Self.world()
        defer { server.stop() }
        let first = try await maps.create("a", ConfigMap("1"))
        let second = try await maps.put("a", ConfigMap("2"))
        #expect(await failure { try await maps.delete("a", ifVersion: first) }?.kind == .conflict(version: nil))
        try await maps.delete("a", ifVersion: second)
        #expect(await failure { try await maps.delete("a") }?.kind == .notFound)
    }

    @Test("What is wrong with an object is told field by field")
    func validation() async throws {
        let (server, _) = try await Self.world()
        defer { server.stop() }
        let client = try KubernetesClient(server.configuration())
        let raw = try client.resources(of: "v1", "configmaps", coding: .bytes, namespace: "default")
        let error = await failure { _ = try await raw.create("a", Bytes(copying: #"{"data":"text"}"#.utf8)) }
        guard case .validation(let errors)? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(errors == [FieldError(path: ["data"], code: "FieldValueInvalid", message: "must be an object")])
        #expect(
            await failure { _ = try await raw.create("a", Bytes(copying: #"{"metadata":{"name":"b"}}"#.utf8)) }?.kind
                == .invalidInput
        )
    }

    @Test("A write whose answer did not come is not sent again, and its outcome is unknown")
    func unknown() async throws {
        let (server, maps) = try await Self.world()
        defer { server.stop() }
        try await server.tell(["dropWrites": 1])
        #expect(await failure { _ = try await maps.create("a", ConfigMap("1")) }?.kind == .outcomeUnknown)
        #expect(try await maps.get("a").value.value == "1")
        try await server.tell(["dropWrites": 1])
        #expect(await failure { _ = try await maps.put("a", ConfigMap("2")) }?.kind == .outcomeUnknown)
        try await server.tell(["dropWrites": 1])
        #expect(await failure { try await maps.delete("a") }?.kind == .outcomeUnknown)
        #expect(try await server.counts().writes == 3)
    }
}
