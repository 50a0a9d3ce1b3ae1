// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetDocuments

/// URLs, keys, objects and lists.
@Suite struct KubernetesPathTests {
    @Test("Kinds are found by group, version and namespace")
    func paths() throws {
        #expect(try KubernetesPath("v1", "nodes", namespace: nil).object("n1") == "/api/v1/nodes/n1")
        let pods = try KubernetesPath("v1", "pods", namespace: "default", labels: "app=web,tier!=db", fields: "a.b=c")
        #expect(
            pods.list(limit: 5, continue: "a/b=")
                == "/api/v1/namespaces/default/pods?limit=5&labelSelector=app%3Dweb%2Ctier%21%3Ddb&fieldSelector=a.b%3Dc&continue=a%2Fb%3D"
        )
        #expect(
            pods.watch
                == "/api/v1/namespaces/default/pods?watch=1&allowWatchBookmarks=true&labelSelector=app%3Dweb%2Ctier%21%3Ddb&fieldSelector=a.b%3Dc"
        )
        let all = try KubernetesPath("apps/v1", "deployments", namespace: nil)
        #expect(try all.object("kube-system/dns") == "/apis/apps/v1/namespaces/kube-system/deployments/dns")
        #expect(try all.collection(of: "kube-system/dns") == "/apis/apps/v1/namespaces/kube-system/deployments")
        #expect(all.key(name: "dns", namespace: "kube-system") == "kube-system/dns")
        #expect(pods.key(name: "web", namespace: "default") == "web")
    }

    @Test("Names that would lead elsewhere are refused", arguments: ["", "..", "a/b/c", "a b", "a?b", "a%2Fb", "é"])
    func names(text: String) throws {
        #expect(throws: FreshetError.self) { try KubernetesPath(text, "pods", namespace: nil) }
        #expect(throws: FreshetError.self) { try KubernetesPath("v1", text, namespace: nil) }
        #expect(throws: FreshetError.self) { try KubernetesPath("v1", "pods", namespace: text) }
        let path = try KubernetesPath("v1", "pods", namespace: nil)
        #expect(throws: FreshetError.self) { try path.object(text) }
    }

    @Test("In one namespace a key is a name alone")
    func keys() throws {
        let path = try KubernetesPath("v1", "pods", namespace: "default")
        #expect(throws: FreshetError.self) { try path.object("other/a") }
    }

    @Test("Objects of a list are given the kind and the version that they come without")
    func list() throws {
        let body =
            #"{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"81","continue":"next"},"items":[{"metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"x":1}, {"kind":"Pod","metadata":{"name":"b","resourceVersion":"8"}}]}"#
        let path = try KubernetesPath("v1", "pods", namespace: nil)
        let page = try KubernetesPage(Bytes(copying: body.utf8), of: path)
        #expect(page.version == "81")
        #expect(page.token == "next")
        #expect(page.documents.map(\.key) == ["n/a", "b"])
        #expect(page.documents.map(\.version) == ["7", "8"])
        #expect(
            page.documents.map(\.value.text) == [
                #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","namespace":"n","resourceVersion":"7"},"x":1}"#,
                #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","resourceVersion":"8"}}"#,
            ]
        )
    }

    @Test(
        "An answer that is no list is refused",
        arguments: [
            "", "<html>", "{}", #"{"kind":"Status"}"#, #"{"kind":"PodList","metadata":{}}"#,
            #"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[{}]}"#,
            #"{"kind":"PodList","metadata":{"resourceVersion":"1"},"items":[1,"#,
        ]
    )
    func noList(text: String) throws {
        let path = try KubernetesPath("v1", "pods", namespace: nil)
        #expect(throws: FreshetError.self) { try KubernetesPage(Bytes(copying: text.utf8), of: path) }
    }

    @Test("An object is sent with its name, and with the version that it must have or none")
    func body() throws {
        let value = Bytes(
            copying: #"{"metadata":{"resourceVersion":"1","labels":{"a":"b"}},"n":9007199254740993}"#.utf8
        )
        let body = try KubernetesObject.body(value, name: "x", namespace: "n", version: nil)
        let expected: JSONValue = [
            "metadata": ["labels": ["a": "b"], "name": "x", "namespace": "n"], "n": 9_007_199_254_740_993,
        ]
        #expect(try DocumentCoding<JSONValue>.json.decode(body) == expected)
        let versioned = try KubernetesObject.body(value, name: "x", namespace: nil, version: "5")
        #expect(versioned.text.contains(#""resourceVersion":"5""#))
        #expect(throws: FreshetError.self) {
            try KubernetesObject.body(Bytes(copying: #"{"metadata":{"name":"y"}}"#.utf8), name: "x", namespace: nil)
        }
        #expect(throws: FreshetError.self) {
            try KubernetesObject.body(Bytes(copying: "[]".utf8), name: "x", namespace: nil)
        }
    }
}
