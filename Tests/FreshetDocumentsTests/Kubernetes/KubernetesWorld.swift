// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetHTTP
import FreshetTestSupport
import FreshetTransport
import HTTPTypes

@testable import FreshetDocuments

/// A client whose WebSockets, requests and time are a test's.
struct KubernetesWorld {
    /// What the server answers to requests.
    struct Server: Sendable {
        var listVersion = "10"
        /// Items of the list: name and version.
        var items: [(name: String, version: String)] = []
        /// How a watch as a chunked answer is answered: with these lines after the list's version, or with this status.
        var lines: [String] = []
        var watchStatus: HTTPResponse.Status = .ok
        var listStatus: HTTPResponse.Status = .ok
    }

    let sockets = ScriptedTransport()
    let clock = ManualClock()
    let server = Locked(Server())
    let http: ScriptedHTTPTransport
    let client: KubernetesClient
    let things: KubernetesResources<Bytes>

    init(_ change: (inout KubernetesConfiguration) -> Void = { _ in }) throws {
        let server = self.server
        self.http = ScriptedHTTPTransport { call, _ throws(FreshetError) in
            let now = server.withLock { $0 }
            if let path = call.request.path, path.contains("watch=1") {
                let isFirst = path.contains("resourceVersion=\(now.listVersion)&")
                let lines = isFirst ? now.lines.map { "\($0)\n" }.joined() : ""
                return HTTPReply(HTTPResponse(status: now.watchStatus), body: HTTPBody(Array(lines.utf8)))
            }
            let items = now.items.map { item in
                ["metadata": ["name": .string(item.name), "resourceVersion": .string(item.version)]] as JSONValue
            }
            let list: JSONValue = [
                "kind": "ThingList", "apiVersion": "v1", "metadata": ["resourceVersion": .string(now.listVersion)],
                "items": .array(items),
            ]
            return try .json(list, status: now.listStatus)
        }
        var configuration = KubernetesConfiguration(server: "https://kube.test:6443/prefix/")
        change(&configuration)
        let clock = self.clock
        self.client = try KubernetesClient(
            configuration,
            loop: .shared,
            webSockets: self.sockets,
            http: self.http,
            time: TimeSource(clock, jitter: { 0.5 })
        )
        self.things = try self.client.resources(of: "v1", "things", coding: .bytes, namespace: "n")
    }

    static func event(_ type: String, _ name: String, _ version: Int) -> String {
        #"{"type":"\#(type)","object":{"kind":"Thing","apiVersion":"v1","metadata":{"name":"\#(name)","namespace":"n","resourceVersion":"\#(version)"}}}"#
            + "\n"
    }

    static let gone =
        #"{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"too old","reason":"Expired","code":410}}"#
        + "\n"

    /// The versions of what an event says, or what else it is.
    static func words(_ event: DocumentEvent<Bytes>?) -> String {
        switch event {
        case .snapshot(let snapshot)?:
            "snapshot \(snapshot.documents.map { "\($0.key)=\($0.version)" })"
        case .update(let changes)?:
            changes.map { $0.document == nil ? "-\($0.key)=\($0.version)" : "\($0.key)=\($0.version)" }.joined(
                separator: " "
            )
        case .gap(let gap)?: "gap \(gap.cause)"
        case nil: "end"
        }
    }
}
