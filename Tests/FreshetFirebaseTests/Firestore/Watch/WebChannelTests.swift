// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetFirebase
import Testing

/// A WebChannel without a socket: what it asks for, and what it makes of the answers.
struct WebChannelTests {
    @Test("The handshake is a form, with the credentials in it; every later request goes to the same server")
    func handshake() {
        var driver = ChannelDriver(headers: [("Authorization", "Bearer a b")])
        driver.on(.start)
        #expect(driver.requests.first?.kind == .handshake)
        #expect(driver.requests.first?.body == "headers=Authorization%3ABearer%20a%20b%0D%0A&count=0&ofs=0")
        let first = driver.requests.first?.query
        #expect(first?["VER"] == "8")
        #expect(first?["RID"] == "100")
        #expect(first?["database"] == ChannelDriver.database)
        driver.on(.answered(1, status: 200, session: "route/1"))
        driver.on(.received(1, ChannelDriver.framed(#"[[0,["c","sid","",8,12,30000]]]"#)))
        #expect(driver.opened == 1)
        driver.on(.ended(1, nil))
        #expect(driver.failure == nil)
        let back = driver.back?.query
        #expect(back?["gsessionid"] == "route/1")
        #expect(back?["SID"] == "sid")
        #expect(back?["RID"] == "rpc")
        #expect(back?["AID"] == "0")
        #expect(back?["CI"] == "0")
        #expect(back?["TYPE"] == "xmlhttp")
    }

    @Test("Messages go one request at a time, with what came up to then; sent again it is the same one")
    func forward() {
        var driver = ChannelDriver.open()
        for text in ["{}", #"{"a":1}"#, #"{"b":2}"#] { driver.on(.send(Bytes(copying: text.utf8))) }
        #expect(driver.forwards.map(\.body) == ["count=1&ofs=0&req0___data__=%7B%7D"])
        driver.hear(#"[[1,["noop"]]]"#)
        driver.on(.received(3, ChannelDriver.framed("[1,1,7]")))
        driver.on(.ended(3, nil))
        #expect(
            driver.forwards.last?.body
                == "count=2&ofs=1&req0___data__=%7B%22a%22%3A1%7D&req1___data__=%7B%22b%22%3A2%7D"
        )
        #expect(driver.forwards.last?.query["RID"] == "102")
        #expect(driver.forwards.last?.query["AID"] == "1")
        // Its answer is lost: at once, and then after a while.
        driver.on(.ended(4, FreshetError(.unreachable, "lost")))
        #expect(driver.forwards.count == 3)
        driver.on(.ended(5, FreshetError(.unreachable, "lost")))
        #expect(driver.timers[.sendAgain] == .seconds(10))
        driver.fire(.sendAgain)
        #expect(Set(driver.forwards.dropFirst().map(\.body)).count == 1)
        #expect(Set(driver.forwards.dropFirst().map { $0.query["RID"] }) == ["102"])
        driver.on(.ended(6, FreshetError(.unreachable, "lost")))
        #expect(driver.failure?.kind == .unreachable)
    }

    @Test("A page of HTML in answer to a message is no answer")
    func htmlForward() {
        var driver = ChannelDriver.open()
        driver.on(.send(Bytes(copying: "{}".utf8)))
        driver.on(.answered(3, status: 200, session: nil))
        driver.on(.received(3, Bytes(copying: "<html>".utf8)))
        driver.on(.ended(3, nil))
        #expect(driver.forwards.count == 2)
        #expect(driver.forwards.last?.query["RID"] == driver.forwards.first?.query["RID"])
    }

    @Test("What is repeated is left out; a hole is asked for again; the last number is acknowledged")
    func replays() {
        var driver = ChannelDriver.open()
        driver.hear(#"[[1,[{"a":1}]],[2,[{"a":2}]]]"#)
        driver.hear(#"[[1,[{"a":1}]],[2,[{"a":2}]],[3,[{"a":3}]],[3,[{"a":3}]]]"#)
        #expect(driver.messages == [#"{"a":1}"#, #"{"a":2}"#, #"{"a":3}"#])
        driver.hear(#"[[4,[{"a":4}]],[6,[{"a":6}]]]"#)
        #expect(driver.messages.count == 4)
        #expect(driver.cancelled == [2])
        #expect(driver.back?.query["AID"] == "4")
        driver.hear(#"[[5,[{"a":5}]],[6,[{"a":6}]]]"#)
        #expect(driver.messages.suffix(2) == [#"{"a":5}"#, #"{"a":6}"#])
        #expect(driver.failure == nil)
    }

    @Test("An answer that breaks off is asked for again: at once, then later and later, then it is given up")
    func breaks() {
        var driver = ChannelDriver.open()
        driver.hear(#"[[1,["noop"]]]"#)
        let error = FreshetError(.interrupted, "reset")
        driver.on(.ended(2, error))
        #expect(driver.back?.number == 3)
        driver.on(.ended(3, error))
        #expect(driver.timers[.askAgain] == .seconds(10))
        driver.fire(.askAgain)
        driver.on(.ended(4, error))
        #expect(driver.timers[.askAgain] == driver.now + .seconds(20))
        driver.fire(.askAgain)
        driver.on(.ended(5, error))
        #expect(driver.failure?.kind == .interrupted)
    }

    @Test("What has come ends the count of failures")
    func recovers() {
        var driver = ChannelDriver.open()
        for round in 1...20 {
            driver.hear("[[\(round),[{\"a\":1}]]]")
            driver.on(.ended(driver.back?.number ?? 0, FreshetError(.interrupted, "reset")))
        }
        #expect(driver.failure == nil)
        #expect(driver.back?.query["AID"] == "20")
        #expect(driver.timers[.askAgain] == nil)
    }

    @Test("An end within a payload is a failure; one after it is none")
    func ends() {
        var driver = ChannelDriver.open()
        driver.hear(#"[[1,[{"a":1}]]]"#)
        driver.on(.ended(2, nil))
        #expect(driver.back?.query["AID"] == "1")
        driver.on(.received(3, Bytes(copying: "15\n[[2".utf8)))
        driver.on(.ended(3, nil))
        #expect(driver.back?.number == 4)
        driver.on(.ended(4, nil))
        // The second failure in a row waits.
        #expect(driver.timers[.askAgain] != nil)
    }

    @Test("After 45 s without a byte it is asked again; where not even an answer begins, that is a failure")
    func silence() {
        var driver = ChannelDriver.open()
        driver.now = .seconds(20)
        driver.hear(#"[[1,["noop"]]]"#)
        driver.fire(.silence)
        #expect(driver.timers[.silence] == .seconds(65))
        driver.fire(.silence)
        #expect(driver.cancelled == [2])
        #expect(driver.back?.number == 3)
        for _ in 0..<3 {
            driver.fire(.silence)
            driver.fire(.askAgain)
        }
        driver.fire(.silence)
        #expect(driver.failure?.kind == .interrupted)
    }

    @Test("Where the first answer is held back on the way, answers are asked for one by one")
    func buffering() {
        var driver = ChannelDriver.open()
        driver.fire(.buffering)
        #expect(driver.channel.isLongPolling)
        #expect(driver.cancelled == [2])
        #expect(driver.back?.query["CI"] == "1")
        driver.hear(#"[[1,[{"a":1}]]]"#)
        driver.on(.ended(3, nil))
        #expect(driver.back?.number == 4)
        #expect(driver.back?.query["CI"] == "1")
        var quick = ChannelDriver.open()
        quick.hear(#"[[1,["noop"]]]"#)
        quick.fire(.buffering)
        #expect(!quick.channel.isLongPolling)
    }

    @Test("A server that has no back channel, or has sent what does not come, is asked again")
    func missing() {
        var driver = ChannelDriver.open()
        driver.now = .seconds(10)
        driver.on(.send(Bytes(copying: "{}".utf8)))
        driver.on(.received(3, ChannelDriver.framed("[0,0,0]")))
        driver.on(.ended(3, nil))
        #expect(driver.back?.number == 4)
        driver.on(.send(Bytes(copying: "{}".utf8)))
        driver.on(.received(5, ChannelDriver.framed("[1,3,40]")))
        driver.on(.ended(5, nil))
        #expect(driver.timers[.missing] == driver.now + .seconds(6))
        driver.fire(.missing)
        #expect(driver.back?.number == 6)
        driver.hear(#"[[1,["noop"]]]"#)
        #expect(driver.failure == nil)
    }

    @Test("Stop, an unknown session, another status and another page end it", arguments: [0, 1, 2, 3, 4, 5])
    func fatal(_ which: Int) {
        var driver = ChannelDriver.open()
        switch which {
        case 0: driver.hear(#"[[1,[{"a":1}]],[2,["stop"]]]"#)
        case 1: driver.on(.answered(2, status: 400, session: nil))
        case 2: driver.on(.answered(2, status: 503, session: nil))
        case 3:
            for _ in 0..<4 {
                driver.on(.received(driver.back?.number ?? 0, Bytes(copying: "<html>".utf8)))
                driver.fire(.askAgain)
            }
        case 4: driver.on(.answered(2, status: 401, session: nil))
        default: driver.on(.answered(2, status: 404, session: nil))
        }
        let kinds: [FreshetError.Kind] = [
            .interrupted, .interrupted, .upgradeRefused(status: 503), .interrupted, .unauthorized,
            .interrupted,
        ]
        #expect(driver.failure?.kind == kinds[which])
        #expect(driver.messages == (which == 0 ? [#"{"a":1}"#] : []))
        #expect(driver.timers.isEmpty)
        let count = driver.requests.count
        driver.on(.send(Bytes(copying: "{}".utf8)))
        driver.hear(#"[[1,[{"a":1}]]]"#)
        #expect(driver.requests.count == count)
    }

    @Test(
        "A handshake is answered with a session, or fails",
        arguments: ["<html>", "2\n[]", #"14\n[[0,["stop"]]]"#, ""]
    )
    func badHandshake(_ body: String) {
        var driver = ChannelDriver()
        driver.on(.start)
        driver.on(.answered(1, status: 200, session: nil))
        driver.on(.received(1, Bytes(copying: body.replacing(#"\n"#, with: "\n").utf8)))
        driver.on(.ended(1, nil))
        #expect(driver.failure?.kind == .interrupted)
        var silent = ChannelDriver()
        silent.on(.start)
        silent.fire(.handshake)
        #expect(silent.failure?.kind == .timeout(.upgrade))
    }

    @Test("Errors come wrapped once or twice, and are handed on as messages")
    func errors() {
        var driver = ChannelDriver.open()
        driver.hear(#"[[1,[{"error":{"status":"UNKNOWN"}}]],[2,[[{"error":{"status":"ABORTED"}}]]]]"#)
        #expect(driver.messages == [#"{"error":{"status":"UNKNOWN"}}"#, #"{"error":{"status":"ABORTED"}}"#])
    }

    @Test(
        "Payloads that are no numbered arrays are asked for again",
        arguments: ["{}", "[1]", "[[1]]", #"[["a",["noop"]]]"#, "[[1,[]]]", "[[1,[3]]]", "[[1,{}]]", "[[]]"]
    )
    func nonsense(_ payload: String) {
        var driver = ChannelDriver.open()
        driver.hear(payload)
        #expect(driver.back?.number == 3)
        #expect(driver.failure == nil)
    }

    @Test("Goodbye ends the session and everything that is under way")
    func terminate() {
        var driver = ChannelDriver.open()
        driver.on(.send(Bytes(copying: "{}".utf8)))
        driver.on(.close)
        #expect(driver.requests.last?.kind == .terminate)
        #expect(driver.requests.last?.query["TYPE"] == "terminate")
        #expect(driver.requests.last?.query["SID"] == "sid")
        #expect(driver.requests.last?.body == nil)
        #expect(driver.cancelled.sorted() == [2, 3])
        #expect(driver.timers.isEmpty)
    }
}
