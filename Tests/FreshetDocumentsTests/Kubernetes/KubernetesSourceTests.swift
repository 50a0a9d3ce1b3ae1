// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// What a watch's messages mean. The lines are those of kube-apiserver 1.20.
@Suite struct KubernetesSourceTests {
    private static let added =
        #"{"type":"ADDED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"live1","namespace":"default","resourceVersion":"82"},"data":{"v":"x"}}}"#
        + "\n"
    private static let deleted =
        #"{"type":"DELETED","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"live1","namespace":"default","resourceVersion":"84"}}}"#
        + "\n"
    private static let bookmark =
        #"{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"3823","creationTimestamp":null}}}"#
        + "\n"
    private static let gone =
        #"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2200)","reason":"Expired","code":410}}"#
        + "\n"
    private static let request = KubernetesSource.Request(path: "/api/v1/configmaps?watch=1")

    private static func words(_ event: SourceEvent) -> String {
        switch event {
        case .ready: "ready"
        case .update(let id, let payload): "update \(id) \(payload.count)"
        case .progress(let id, let position): "progress \(id) \(position.text ?? "-")"
        case .historyLost(let id, let cause, let reason): "lost \(id) \(cause) \(reason)"
        case .interrupted(let id, let error, let delay): "interrupted \(id) \(error.message) \(delay)"
        case .unreadable(let id, let error): "unreadable \(id) \(error.message)"
        case .reply(let message): "reply \(message.text)"
        case .nothing: "nothing"
        default: "another"
        }
    }

    private static func subscribed(_ ids: SubscriptionID...) -> KubernetesSource {
        var source = KubernetesSource()
        for id in ids { _ = source.subscribe(id, to: Self.request, from: Position(text: "81")) }
        return source
    }

    private static func hear(_ source: inout KubernetesSource, _ texts: String...) throws -> [String] {
        try texts.map { Self.words(try source.receive(WebSocketMessage(text: $0))) }
    }

    @Test("A watch begins after a resourceVersion, which is written as a URL wants it")
    func subscribe() {
        var source = KubernetesSource()
        let first = source.subscribe(1, to: Self.request, from: nil)
        #expect(first.text == "watch 1 /api/v1/configmaps?watch=1")
        let second = source.subscribe(2, to: Self.request, from: Position(text: "a b&c"))
        #expect(second.text == "watch 2 /api/v1/configmaps?watch=1&resourceVersion=a%20b%26c")
        #expect(source.unsubscribe(2)?.text == "stop 2")
        let third = source.subscribe(3, to: Self.request, from: Position(number: 5))
        #expect(third.text == "watch 3 /api/v1/configmaps?watch=1&resourceVersion=5")
    }

    @Test("Events belong to the watch that was named before them")
    func events() throws {
        var source = Self.subscribed(1, 2)
        let heard = try Self.hear(&source, "ready", "events 2 2", Self.added, Self.deleted, "events 1 1", Self.bookmark)
        #expect(
            heard == [
                "ready", "nothing", "update 2 \(Self.added.utf8.count)", "update 2 \(Self.deleted.utf8.count)",
                "nothing",
                "progress 1 3823",
            ]
        )
    }

    @Test("An event that looks like a word of the link is an event")
    func disguised() throws {
        var source = Self.subscribed(1)
        let heard = try Self.hear(&source, "events 1 1", "gone 1 lies")
        #expect(
            heard == ["nothing", "unreadable 1 this is no watch of the Kubernetes API: an event without a known type"]
        )
    }

    @Test("A mark is the object's resourceVersion, without a key")
    func mark() {
        let mark = KubernetesSource().mark(of: Bytes(copying: Self.added.utf8), in: Self.request)
        #expect(mark == UpdateMark(key: nil, position: Position(text: "82")))
    }

    @Test(
        "What stands behind the resourceVersion is not looked at, what stands before it is skipped; without one there is no mark"
    )
    func marks() {
        func version(_ text: String) -> String? { KubernetesEvent.position(of: Bytes(copying: text.utf8))?.text }
        #expect(
            version(
                #"{"object":{"spec":{"metadata":{"resourceVersion":"1"}},"metadata":{"labels":{"resourceVersion":"2"},"resourceVersion":"3"#
            ) == nil
        )
        #expect(
            version(
                #" { "object" : { "a":[1,{}], "metadata" : {"labels":{"resourceVersion":"2"}, "resourceVersion" : "3" , !"#
            ) == "3"
        )
        for text in [
            "", "{}", "[]", #"{"object":1}"#, #"{"object":{}}"#, #"{"object":{"metadata":[]}}"#,
            #"{"object":{"metadata":{}},"metadata":{"resourceVersion":"9"}}"#,
            #"{"object":{"metadata":{"resourceVersion":7}}}"#, #"{"object":{"metadata":{"resourceVersion":""}}}"#,
        ] {
            #expect(version(text) == nil, "\(text)")
        }
        let whole = Array(Self.added.utf8)
        for count in 0..<whole.count {
            _ = KubernetesEvent.position(of: Bytes(copying: whole.prefix(count)))
            _ = KubernetesEvent.kind(of: Bytes(copying: whole.prefix(count)))
        }
    }

    @Test("A watch that is over is begun again at once, from the last event or bookmark")
    func over() throws {
        var source = Self.subscribed(1)
        #expect(try Self.hear(&source, "over 1") == ["reply watch 1 /api/v1/configmaps?watch=1&resourceVersion=81"])
        _ = try Self.hear(&source, "events 1 2", Self.added, Self.deleted)
        #expect(try Self.hear(&source, "over 1") == ["reply watch 1 /api/v1/configmaps?watch=1&resourceVersion=84"])
        _ = try Self.hear(&source, "events 1 1", Self.bookmark)
        #expect(try Self.hear(&source, "over 1") == ["reply watch 1 /api/v1/configmaps?watch=1&resourceVersion=3823"])
    }

    @Test("410 after 101 loses the history, once; the end that follows it says nothing")
    func expired() throws {
        var source = Self.subscribed(1)
        let heard = try Self.hear(&source, "events 1 1", Self.gone, "over 1", "events 1 1", Self.added)
        #expect(
            heard == [
                "nothing", "lost 1 compacted too old resource version: 1 (2200)", "nothing", "nothing", "nothing",
            ]
        )
    }

    @Test("410 instead of a watch loses the history")
    func goneInHTTP() throws {
        var source = Self.subscribed(1)
        #expect(try Self.hear(&source, "gone 1 HTTP 410") == ["lost 1 compacted HTTP 410"])
    }

    @Test("What the server does not understand ends the watch alone")
    func refused() throws {
        var source = Self.subscribed(1)
        #expect(try Self.hear(&source, "refused 1 400 HTTP 400", "over 1") == ["unreadable 1 HTTP 400", "nothing"])
    }

    @Test("Another error interrupts the watch, for as long as the server says")
    func error() throws {
        var source = Self.subscribed(1)
        let status =
            #"{"kind":"Status","message":"try later","reason":"TooManyRequests","code":429,"details":{"retryAfterSeconds":3}}"#
        let heard = try Self.hear(&source, "events 1 1", #"{"type":"ERROR","object":\#(status)}"#)
        #expect(heard == ["nothing", "interrupted 1 the watch ended: try later 3.0 seconds"])
    }

    @Test("A watch that broke is made again with a backoff; one that was left is not")
    func broken() throws {
        var source = Self.subscribed(1, 2)
        _ = source.unsubscribe(2)
        let heard = try Self.hear(&source, "broken 1 1500 the connection broke", "broken 2 0 x", "over 2", "gone 2 x")
        #expect(heard == ["interrupted 1 the connection broke 1.5 seconds", "nothing", "nothing", "nothing"])
    }

    @Test(
        "What makes no sense ends its watch alone, or says nothing",
        arguments: ["", "events", "events 1", "events x 1", "events 1 -3", "over", "broken 1 x", "hello 1 2"]
    )
    func nonsense(text: String) throws {
        var source = Self.subscribed(1)
        #expect(try Self.hear(&source, text) == ["nothing"])
    }

    @Test("Words and commands are read as they are written")
    func words() {
        let words: [KubernetesWord] = [
            .ready, .events(7, count: 12), .over(3), .broken(4, reason: "a b c", after: .milliseconds(1500)),
            .gone(5, reason: "x y"), .refused(6, status: 400, reason: "x y"), .over(7),
        ]
        for word in words { #expect(KubernetesWord(WebSocketMessage(text: word.text)) == word) }
        for command in [KubernetesCommand.watch(3, path: "/a?b=c"), .stop(4)] {
            #expect(KubernetesCommand(command.message) == command)
        }
    }
}
