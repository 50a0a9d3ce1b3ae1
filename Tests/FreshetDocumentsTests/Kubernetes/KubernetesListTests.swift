// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import HTTPTypes
import Testing

@testable import FreshetDocuments

/// Lists page by page, and what answers mean, on a server that is a table of answers.
@Suite struct KubernetesListTests {
    private struct Page: Sendable {
        var version = "10"
        var names: [String] = []
        var next: String?
        var status: HTTPResponse.Status = .ok
    }

    /// A client whose requests are answered one after another; the last answer stays.
    private static func world(
        _ pages: Page...
    ) throws -> (ScriptedHTTPTransport, KubernetesResources<Bytes>) {
        let http = ScriptedHTTPTransport { _, number throws(FreshetError) in
            let page = pages[min(number, pages.count) - 1]
            guard page.status == .ok else {
                let status: JSONValue = ["kind": "Status", "reason": "Expired", "message": "too old", "code": 410]
                return try .json(status, status: page.status)
            }
            var metadata: [String: JSONValue] = ["resourceVersion": .string(page.version)]
            if let next = page.next { metadata["continue"] = .string(next) }
            let items = page.names.map { name in
                ["metadata": ["name": .string(name), "resourceVersion": "1"]] as JSONValue
            }
            let list: JSONValue = ["kind": "ThingList", "metadata": .object(metadata), "items": .array(items)]
            return try .json(list)
        }
        let client = try KubernetesClient(
            KubernetesConfiguration(server: "http://kube.test"),
            loop: .shared,
            webSockets: ScriptedTransport(),
            http: http
        )
        return (http, try client.resources(of: "v1", "things", coding: .bytes, namespace: "n"))
    }

    private static func queries(_ http: ScriptedHTTPTransport) -> [Substring] {
        http.calls.map { ($0.request.path ?? "").split(separator: "?").last ?? "" }
    }

    @Test("Pages are put together in their order")
    func pages() async throws {
        let (http, things) = try Self.world(
            Page(names: ["a", "b"], next: "x/y="),
            Page(names: ["c"], next: "z"),
            Page(names: ["d"])
        )
        let snapshot = try await things.list()
        #expect(snapshot.documents.map(\.key) == ["a", "b", "c", "d"])
        #expect(snapshot.position == Position(text: "10"))
        #expect(Self.queries(http) == ["limit=500", "limit=500&continue=x%2Fy%3D", "limit=500&continue=z"])
    }

    @Test("A list whose pages the server has forgotten is begun again; the last time all at once")
    func forgotten() async throws {
        let (http, things) = try Self.world(
            Page(names: ["a"], next: "x"),
            Page(status: .gone),
            Page(version: "11", names: ["b"], next: "y"),
            Page(status: .gone),
            Page(version: "12", names: ["c"])
        )
        let snapshot = try await things.list()
        #expect(snapshot.documents.map(\.key) == ["c"])
        #expect(snapshot.position == Position(text: "12"))
        #expect(Self.queries(http).last == "limit=0")
    }

    @Test("Pages from two moments are not one list")
    func inconsistent() async throws {
        let (_, things) = try Self.world(
            Page(names: ["a"], next: "x"),
            Page(version: "11", names: ["b"]),
            Page(version: "12", names: ["c", "d"])
        )
        #expect(try await things.list().documents.map(\.key) == ["c", "d"])
    }

    @Test("A list that is still the same is not read any further")
    func unchanged() async throws {
        let (http, things) = try Self.world(Page(names: ["a"], next: "x"))
        let listing = try await things.client.api.list(things.path, pageSize: 500, unless: "10")
        #expect(listing == nil)
        #expect(http.calls.count == 1)
    }

    @Test("The API's status says what kind of error it is")
    func errors() {
        func error(_ status: Int, _ body: String, isWrite: Bool = false) -> FreshetError {
            let refusal = HTTPRefusal(status: status, retryAfter: nil, authenticate: nil, body: Array(body.utf8))
            return FreshetError(.rejected(status: status), "HTTP \(status)", refusal: refusal).asKubernetes(
                isWrite: isWrite
            )
        }
        let invalid =
            #"{"kind":"Status","code":422,"details":{"causes":[{"reason":"FieldValueInvalid","message":"must be","field":"spec.ports[0].port"}, 7]}}"#
        let expected = FieldError(path: ["spec", "ports", "0", "port"], code: "FieldValueInvalid", message: "must be")
        #expect(error(422, invalid).kind == .validation([expected]))
        #expect(error(422, "no JSON").kind == .rejected(status: 422))
        for status in [500, 502, 504] {
            #expect(error(status, "", isWrite: true).kind == .outcomeUnknown)
            #expect(error(status, "").kind == .rejected(status: status))
        }
        #expect(error(503, "", isWrite: true).kind == .rejected(status: 503))
        let plain = FreshetError(.unreachable, "nobody")
        #expect(plain.asKubernetes(isWrite: true) == plain)
    }
}
