// SPDX-License-Identifier: Apache-2.0

import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetTestSupport
import Testing

/// Polls that fail, are slow or late; validators and versions.
@Suite(.timeLimit(.minutes(1)))
struct FallbackPollTests {
    // MARK: - REST fails as well

    @Test("Polls that fail are made again, later and later; the gap is told at once")
    func restFails() async {
        let (harness, rest) = (ScriptedClient(), REST(failing: .nobodyThere))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        #expect(await listener.gap()?.cause == .polling)
        for wait in [5_125, 5_250] { await harness.clock.expire(.milliseconds(wait)) }
        await harness.clock.sleeper(of: .milliseconds(5_500))
        rest.says(3)
        await harness.clock.expire(.milliseconds(5_500))
        #expect(await listener.next() == .snapshot(3))
        #expect(rest.calls == 4)
    }

    @Test(
        "A poll's error that trying again does not mend ends its feed, and nobody polls any more",
        arguments: [.unauthorized, .notFound, .decoding] as [FreshetError.Kind]
    )
    func restRefuses(_ kind: FreshetError.Kind) async {
        let (harness, rest) = (ScriptedClient(), REST(1))
        let listener = harness.listen(to: rest)
        await harness.refuse(1)
        _ = await listener.gap()
        #expect(await listener.next() == .snapshot(1))
        rest.fails(kind)
        await harness.clock.expire(.seconds(5))
        #expect(await listener.failure()?.kind == kind)
        // The attempt that was under way is left.
        await harness.state(.idle)
        await harness.nobodySleeps()
    }

    @Test("A poll that takes longer than 10 s is given up, and its late answer does not count")
    func slowPoll() async {
        let (harness, gate) = (ScriptedClient(), Gate())
        let calls = Locked(0)
        let recovery = GraphQLRecovery<Int>.refetch {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            if call == 1 { await gate.wait() }
            return call
        }
        let listener = Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: recovery))
        await harness.refuse(1)
        _ = await listener.gap()
        await harness.clock.expire(.seconds(10))
        await harness.clock.sleeper(of: .milliseconds(5_125))
        gate.open()
        await harness.clock.expire(.milliseconds(5_125))
        #expect(await listener.next() == .snapshot(2))
    }

    @Test("A poll under way when the connection is acknowledged is cancelled, and its late answer does not count")
    func lateAtTheSeam() async {
        let (harness, gate, begun) = (ScriptedClient(), Gate(), Gate())
        let calls = Locked(0)
        let recovery = GraphQLRecovery<Int>.refetch {
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            guard call == 1 else { return 5 }
            begun.open()
            await gate.wait()
            return 99
        }
        let listener = Listener(harness.client.subscribe(Int.self, "subscription { n }", recovery: recovery))
        await harness.refuse(1)
        #expect(await listener.gap()?.cause == .polling)
        await begun.wait()
        await harness.clock.expire(.milliseconds(125))
        let link = await harness.settled(2)
        #expect(await listener.next() == .snapshot(5))
        gate.open()
        link.next(1, 6)
        #expect(await listener.next() == .update(6))
    }

    // MARK: - Validators and versions

    @Test("Asked with the validator, also when the subscription takes over; what the snapshot covers is not doubled")
    func conditional() async {
        struct Tick: Codable, Sendable, Equatable { var n = 0, s = "A" }
        let (harness, rest) = (ScriptedClient(), REST(3))
        let recovery = GraphQLRecovery<Tick>.refetch(key: "tick.s", version: "tick.n") { validator in
            let number = try rest.get(validator)
            guard validator != "\(number)" else { return .unchanged }
            let versions: [JSONValue: Position] = ["A": Position(number: Int64(number))]
            return .value(Tick(n: number), validator: "\(number)", versions: versions)
        }
        let document = "subscription { tick { n s } }"
        let listener = Listener(harness.client.subscribe(Tick.self, document, recovery: recovery))
        await harness.refuse(1)
        _ = await listener.gap()
        #expect(await listener.next() == .snapshot(Tick(n: 3)))
        await harness.clock.expire(.seconds(5))
        let link = await harness.connect(2)
        await link.reach(.ping)
        let ticks = (2...4).map { #"{"id":"1","type":"next","payload":{"data":{"tick":{"n":\#($0),"s":"A"}}}}"# }
        link.receive(ticks)
        #expect(await listener.next() == .update(Tick(n: 4)))
        #expect(rest.validators == [nil, "3", "3"])
    }
}
