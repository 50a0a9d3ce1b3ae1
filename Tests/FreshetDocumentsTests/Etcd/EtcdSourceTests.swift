// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetTransport
import Testing

@testable import FreshetDocuments

/// What etcd's watch stream says, in samples of a real server's (3.4.23).
@Suite struct EtcdSourceTests {
    private static let watch = EtcdWatch(EtcdRange(prefix: Array("doc/".utf8)))

    private static func header(_ revision: Int) -> String {
        #""header":{"cluster_id":"1014","member_id":"1242","revision":"\#(revision)","raft_term":"2"}"#
    }

    private static func event(_ key: String, _ revision: Int, _ value: String = "Mw==") -> String {
        #"{"kv":{"key":"\#(key)","create_revision":"2","mod_revision":"\#(revision)","version":"4","value":"\#(value)"}}"#
    }

    private static func message(_ watch: Int, _ revision: Int, _ events: [String], fragment: Bool = false) -> String {
        let rest =
            #""watch_id":"\#(watch)"\#(fragment ? #","fragment":true"# : ""),"events":[\#(events.joined(separator: ","))]"#
        return #"{"result":{\#(Self.header(revision)),\#(rest)}}"#
    }

    private static func created(_ watch: Int, _ revision: Int) -> String {
        #"{"result":{\#(Self.header(revision)),"watch_id":"\#(watch)","created":true}}"#
    }

    /// Where subscriptions may be made.
    private static func ready() throws -> EtcdSource {
        var source = EtcdSource()
        _ = try source.opened(subprotocol: nil, credentials: nil)
        #expect(Self.text(try source.receive(WebSocketMessage(text: Self.created(1, 2)))).hasSuffix("ready"))
        return source
    }

    /// One that is subscribed from a revision, and has been answered.
    private static func subscribed(after revision: Int = 4) throws -> EtcdSource {
        var source = try Self.ready()
        _ = source.subscribe(7, to: Self.watch, from: Position(number: Int64(revision)))
        #expect(Self.text(try source.receive(WebSocketMessage(text: Self.created(2, revision)))) == "confirmed 7")
        return source
    }

    private static func text(_ event: SourceEvent) -> String {
        switch event {
        case .ready: "ready"
        case .update(let id, let payload): "update \(id) \(payload.text)"
        case .failed(let id, let error): "failed \(id) \(error.kind)"
        case .reply(let message): "reply \(message.payload.text)"
        case .nothing(let note): note == nil ? "nothing" : "note"
        case .unreadable(let id, _): "unreadable \(id)"
        case .confirmed(let id): "confirmed \(id)"
        case .interrupted(let id, let error, _): "interrupted \(id) \(error.kind)"
        case .refused(let error): "refused \(error.kind)"
        case .progress(let id, let position): "progress \(id) \(position.number ?? 0)"
        case .historyLost(let id, let cause, _): "lost \(id) \(cause.rawValue)"
        case .several(let events): events.map { Self.text($0) }.joined(separator: "; ")
        case .completed, .snapshot, .answered, .speaksEvery, .speaks: "none of etcd's"
        }
    }

    private static func receive(_ source: inout EtcdSource, _ text: String) throws -> String {
        Self.text(try source.receive(WebSocketMessage(text: text)))
    }

    @Test("No subprotocol is offered, and watches are made one by one")
    func basics() {
        #expect(EtcdSource().subprotocols == [])
        #expect(EtcdSource().subscribesOneByOne)
        #expect(EtcdSource().continuity(of: Self.watch) == .gapless)
    }

    @Test("The stream is tried with a watch of nothing, which is ended as soon as it is answered")
    func greeting() throws {
        var source = EtcdSource()
        let greeting = try source.opened(subprotocol: nil, credentials: nil).map(\.payload.text)
        #expect(greeting.count == 1)
        #expect(greeting[0].contains(#""watch_id":"1""#))
        #expect(greeting[0].contains(#"["NOPUT","NODELETE"]"#))
        #expect(
            try Self.receive(&source, Self.created(1, 2)) == #"reply {"cancel_request":{"watch_id":"1"}}; ready"#
        )
        // The answer to that has no number of ours.
        #expect(
            try Self.receive(&source, #"{"result":{\#(Self.header(2)),"watch_id":"1","canceled":true}}"#) == "nothing"
        )
    }

    @Test("A server where authentication is on refuses the stream; a user who may not watch the first key may others")
    func greetingRefused() throws {
        for (reason, outcome) in [
            ("rpc error: code = InvalidArgument desc = etcdserver: user name is empty", "refused unauthorized"),
            ("rpc error: code = Unauthenticated desc = etcdserver: invalid auth token", "refused unauthorized"),
            (
                "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
                #"reply {"cancel_request":{"watch_id":"1"}}; ready"#
            ),
        ] {
            var source = EtcdSource()
            _ = try source.opened(subprotocol: nil, credentials: nil)
            let answer =
                #"{"result":{\#(Self.header(2)),"watch_id":"-1","created":true,"canceled":true,"cancel_reason":"\#(reason)"}}"#
            #expect(try Self.receive(&source, answer) == outcome)
        }
    }

    @Test("A watch asks for its position once more, and for all that makes resuming safe")
    func subscribe() throws {
        var source = try Self.ready()
        var watch = Self.watch
        watch.hasPrevious = true
        let message = source.subscribe(7, to: watch, from: Position(number: 6)).payload.text
        for part in [
            #""key":"ZG9jLw==""#, #""range_end":"ZG9jMA==""#, #""start_revision":"6""#, #""watch_id":"2""#,
            #""prev_kv":true"#, #""progress_notify":true"#, #""fragment":true"#,
        ] {
            #expect(message.replacing("\\/", with: "/").contains(part), "\(message)")
        }
        #expect(!source.subscribe(8, to: Self.watch, from: nil).payload.text.contains("start_revision"))
    }

    @Test("What the feed has had already is left out: of the revision where it stands, and of older ones")
    func leftOut() throws {
        var source = try Self.subscribed(after: 5)
        let (a, b, c) = (Self.event("YQ==", 5), Self.event("Yg==", 5), Self.event("Yw==", 6))
        #expect(try Self.receive(&source, Self.message(2, 9, [a])) == "")
        #expect(try Self.receive(&source, Self.message(2, 9, [a, b, c])) == "update 7 \(c)")
    }

    @Test(
        "What one revision changed is one update, however many revisions a message has; its own revision says nothing"
    )
    func revisions() throws {
        var source = try Self.subscribed()
        let (a, b, c) = (Self.event("YQ==", 5), Self.event("Yg==", 5), Self.event("Yw==", 6))
        #expect(try Self.receive(&source, Self.message(2, 2515, [a])) == "update 7 \(a)")
        let event = try source.receive(WebSocketMessage(text: Self.message(2, 2515, [a, b, c])))
        #expect(Self.text(event) == "update 7 \(a),\(b); update 7 \(c)")
        guard case .several(let updates) = event, case .update(_, let payload)? = updates.first else { return }
        #expect(source.mark(of: payload, in: Self.watch) == UpdateMark(position: Position(number: 5)))
    }

    @Test("Of a fragment the last revision is held back until it is known to be whole")
    func fragments() throws {
        var source = try Self.subscribed()
        let events = (0..<4).map { Self.event("YQ==", $0 < 1 ? 5 : 6, "\($0)AAA") }
        #expect(
            try Self.receive(&source, Self.message(2, 9, [events[0], events[1]], fragment: true))
                == "update 7 \(events[0])"
        )
        #expect(try Self.receive(&source, Self.message(2, 9, [events[2]], fragment: true)) == "")
        // Nothing but the whole moves the position.
        #expect(try Self.receive(&source, #"{"result":{\#(Self.header(9)),"watch_id":"2"}}"#) == "nothing")
        #expect(
            try Self.receive(&source, Self.message(2, 9, [events[3]]))
                == "update 7 \(events[1]),\(events[2]),\(events[3])"
        )
        // The same where the next fragment begins with another revision.
        #expect(try Self.receive(&source, Self.message(2, 9, [events[0]], fragment: true)) == "")
        #expect(
            try Self.receive(&source, Self.message(2, 9, [events[1]])) == "update 7 \(events[0]); update 7 \(events[1])"
        )
    }

    @Test("A message of 8 MB is what it is")
    func large() throws {
        var source = try Self.subscribed()
        let event = Self.event("YQ==", 5, String(repeating: "QUFB", count: 2_000_000))
        #expect(try Self.receive(&source, Self.message(2, 9, [event])) == "update 7 \(event)")
        let read = try EtcdEvents.reader.changes(Bytes(copying: event.utf8))
        guard case .put(let document, _, _)? = read.changes.first else { return }
        #expect(document.value.count == 6_000_000)
    }

    @Test("Progress counts when it is of one watch, and never when it is of the stream")
    func progress() throws {
        var source = try Self.subscribed()
        #expect(try Self.receive(&source, #"{"result":{\#(Self.header(30)),"watch_id":"2"}}"#) == "progress 7 30")
        #expect(try Self.receive(&source, #"{"result":{\#(Self.header(40)),"watch_id":"-1"}}"#) == "nothing")
        #expect(try Self.receive(&source, #"{"result":{\#(Self.header(40))}}"#) == "nothing")
    }

    @Test("Compaction is lost history; the watch's number is given back and another one taken")
    func compaction() throws {
        var source = try Self.subscribed()
        let compacted =
            #"{"result":{"header":{"cluster_id":"1014","member_id":"1242","raft_term":"2"},"watch_id":"2","canceled":true,"compact_revision":"10"}}"#
        #expect(
            try Self.receive(&source, compacted) == #"reply {"cancel_request":{"watch_id":"2"}}; lost 7 compacted"#
        )
        #expect(
            source.subscribe(7, to: Self.watch, from: Position(number: 12)).payload.text.contains(#""watch_id":"3""#)
        )
        // What is still said of the old one is not of the new one.
        #expect(try Self.receive(&source, Self.message(2, 12, [Self.event("YQ==", 12)])) == "nothing")
        #expect(try Self.receive(&source, Self.created(3, 12)) == "confirmed 7")
    }

    @Test(
        "A server that has not reached the position is another one: it would be silent, and leave out what comes before"
    )
    func wentBack() throws {
        var source = try Self.ready()
        _ = source.subscribe(7, to: Self.watch, from: Position(number: 9))
        #expect(
            try Self.receive(&source, Self.created(2, 8))
                == #"reply {"cancel_request":{"watch_id":"2"}}; lost 7 historyLost"#
        )
        _ = source.subscribe(7, to: Self.watch, from: Position(number: 9))
        #expect(try Self.receive(&source, Self.created(3, 9)) == "confirmed 7")
    }

    @Test("A watch that cannot be made is the one that was asked for first")
    func failedCreation() throws {
        var source = try Self.ready()
        _ = source.subscribe(7, to: Self.watch, from: Position(number: 1))
        _ = source.subscribe(8, to: Self.watch, from: Position(number: 1))
        func failed(_ reason: String) -> String {
            #"{"result":{\#(Self.header(2)),"watch_id":"-1","created":true,"canceled":true,"cancel_reason":"\#(reason)"}}"#
        }
        let denied = failed("rpc error: code = PermissionDenied desc = etcdserver: permission denied")
        let cancel = #"reply {"cancel_request":{"watch_id":"#
        #expect(try Self.receive(&source, denied) == cancel + #""2"}}; failed 7 forbidden"#)
        let duplicate = failed("mvcc: duplicate watch ID provided on the WatchStream")
        #expect(try Self.receive(&source, duplicate).hasPrefix(cancel + #""3"}}; failed 8"#))
        #expect(try Self.receive(&source, denied) == "note")
    }

    @Test("A watch that is given up before its answer does not take that of the next one")
    func givenUp() throws {
        var source = try Self.ready()
        _ = source.subscribe(7, to: Self.watch, from: nil)
        #expect(source.unsubscribe(7)?.payload.text == #"{"cancel_request":{"watch_id":"2"}}"#)
        #expect(source.unsubscribe(7) == nil)
        _ = source.subscribe(8, to: Self.watch, from: nil)
        #expect(try Self.receive(&source, Self.created(2, 2)) == "nothing")
        #expect(try Self.receive(&source, Self.created(3, 2)) == "confirmed 8")
    }

    @Test("Reasons that pass are tried again, others are the watch's end; its stream is not kept")
    func canceled() throws {
        for (reason, outcome) in [
            ("etcdserver: no leader", "interrupted 7 server(status: 503)"), ("", "interrupted 7 server(status: 503)"),
            ("etcdserver: permission denied", "failed 7 forbidden"),
        ] {
            var source = try Self.subscribed()
            let text = #"{"result":{\#(Self.header(9)),"watch_id":"2","canceled":true,"cancel_reason":"\#(reason)"}}"#
            #expect(try Self.receive(&source, text) == #"reply {"cancel_request":{"watch_id":"2"}}; "# + outcome)
            #expect(try Self.receive(&source, text) == "nothing")
            #expect(try Self.receive(&source, Self.message(2, 9, [Self.event("YQ==", 9)])) == "nothing")
        }
    }

    @Test("An error of the stream is a text or an object")
    func streamErrors() throws {
        var source = try Self.subscribed()
        let closing =
            #"{"error":{"grpc_code":14,"http_code":503,"message":"transport is closing","http_status":"Service Unavailable"}}"#
        #expect(try Self.receive(&source, closing) == "refused server(status: 503)")
        let malformed = #"{"error":"invalid character 'o' in literal null","message":"invalid character","code":2}"#
        #expect(try Self.receive(&source, malformed).hasPrefix("refused operationFailed"))
    }

    @Test(
        "What is not etcd's ends the connection",
        arguments: [
            "Not Found", "", "[]", "{}", #"{"result":7}"#, #"{"result":{"watch_id"}}"#, "\u{0}", #"{"result":{}"#,
        ]
    )
    func foreign(_ text: String) throws {
        var source = try Self.subscribed()
        #expect(throws: SourceViolation.self) { _ = try source.receive(WebSocketMessage(text: text)) }
    }

    @Test(
        "Events that make no sense end their watch alone",
        arguments: [
            "7", "{}", "[7]", "[{}]", #"[{"kv":{}}]"#, #"[{"kv":{"mod_revision":"x"}}]"#,
            #"[{"kv":{"mod_revision":"99999999999999999999"}}]"#,
        ]
    )
    func senselessEvents(_ events: String) throws {
        var source = try Self.subscribed()
        let text = #"{"result":{\#(Self.header(9)),"watch_id":"2","events":\#(events)}}"#
        #expect(try Self.receive(&source, text) == "unreadable 7")
    }

    @Test("Positions at the ends of what numbers can say do no harm", arguments: [Int64.max, Int64.min, 0, -1])
    func extremePositions(_ number: Int64) throws {
        var source = try Self.ready()
        let text = source.subscribe(7, to: Self.watch, from: Position(number: number)).payload.text
        #expect(text.contains(number == .max ? "\(Int64.max)" : #""start_revision":"1""#))
        _ = source.subscribe(8, to: Self.watch, from: Position(text: "of another source"))
    }
}
