// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetSoakRunner
import Testing

struct FaultChoiceTests {
    @Test("Ids, beginnings of ids, how long they last, and all of them")
    func choices() throws {
        #expect(try FaultChoice("none").faults == [])
        #expect(try FaultChoice("all").faults.map(\.id) == FaultCatalogue.injectable.map(\.id))
        let some = try FaultChoice("tcp.rst, net.slice@500ms,ws.close(1012)@2s")
        #expect(some.faults.map(\.id) == ["tcp.rst", "net.slice", "ws.close(1012)"])
        #expect(some.faults.map(\.hold) == [nil, .milliseconds(500), .seconds(2)])
        #expect(try FaultChoice("tcp.*").faults.allSatisfy { $0.id.hasPrefix("tcp.") })
        #expect(try FaultChoice("tcp.*").faults.count == 7)
        #expect(try FaultChoice("tcp.blackhole(up)").faults.map(\.id) == ["tcp.blackhole(up)"])
    }

    @Test("What it says as text is read as the same")
    func texts() throws {
        let choice = try FaultChoice("tcp.rst,tcp.blackhole@6s,net.slice@250ms")
        let text = choice.faults.map(\.text).joined(separator: ",")
        #expect(text == "tcp.rst,tcp.blackhole@6000ms,net.slice@250ms")
        #expect(try FaultChoice(text) == choice)
    }

    @Test("What there is not is refused, with what is near to it; what cannot be done here with the reason")
    func refusals() throws {
        func error(_ text: String) -> FreshetError? {
            do throws(FreshetError) {
                _ = try FaultChoice(text)
                return nil
            } catch {
                return error
            }
        }
        #expect(error("tcp.reset")?.hint?.contains("tcp.rst") == true)
        #expect(error("bogus")?.hint?.contains("--list-faults") == true)
        #expect(error("xyz.*")?.message == "there is no fault xyz.*")
        #expect(error("net.slice@soon")?.message == "soon is no time, as in 500ms or 6s")
        let reason = try #require(FaultCatalogue.fault("sys.ip-change")?.whyNot)
        #expect(error("sys.ip-change")?.message.contains(reason) == true)
    }
}
