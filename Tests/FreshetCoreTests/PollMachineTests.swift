// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// The polling of one feed: what is asked when, and what is handed on.
struct PollMachineTests {
    private static let pace = PollPace(interval: .seconds(5), jitter: 0.2, backoff: Backoff(initial: .seconds(1)))
    private static let down = FreshetError(.unreachable, "down")

    private func value(_ value: Int, _ validator: String? = nil) -> Fetched {
        Fetched(.snapshot, items: [.value(value, isSnapshot: true)], validator: validator)
    }

    private func answer(
        _ machine: inout PollMachine,
        _ result: Result<Fetched, FreshetError>,
        number: Int? = nil,
        jitter: Double = 0.5
    ) -> [String] {
        machine.answered(number ?? machine.number, result, by: ClosePolicy(), jitter: jitter).texts
    }

    @Test("It asks at once, hands the first result on, waits, and asks again with the validator")
    func rounds() {
        var machine = PollMachine(Self.pace)
        #expect(machine.begin().texts == ["ask 1"])
        #expect(answer(&machine, .success(value(1, "a"))) == ["deliver value 1", "wait 5.0 seconds"])
        #expect(machine.due(jitter: 0.5).texts == ["ask 2 a"])
        #expect(answer(&machine, .success(value(2, "b"))) == ["deliver value 2", "wait 5.0 seconds"])
        #expect(machine.due(jitter: 0.5).texts == ["ask 3 b"])
    }

    @Test("What is equal, and what is unchanged, is not handed on, and the validator stays")
    func equal() {
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        _ = answer(&machine, .success(value(1, "a")))
        _ = machine.due(jitter: 0.5)
        #expect(answer(&machine, .success(Fetched(.unchanged))) == ["wait 5.0 seconds"])
        #expect(machine.due(jitter: 0.5).texts == ["ask 3 a"])
        #expect(answer(&machine, .success(value(1, "a"))) == ["wait 5.0 seconds"])
        _ = machine.due(jitter: 0.5)
        #expect(answer(&machine, .success(value(2))) == ["deliver value 2", "wait 5.0 seconds"])
        #expect(machine.due(jitter: 0.5).texts == ["ask 5"])
    }

    @Test("Unchanged from nothing makes no sense: that is the end")
    func unchangedFromNothing() {
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        let texts = answer(&machine, .success(Fetched(.unchanged)))
        #expect(texts == ["fail \(PollMachine.unchangedFromNothing.message)"])
        #expect(machine.due(jitter: 0.5).isEmpty)
    }

    @Test("The interval is longer or shorter by its share, at random")
    func jitter() {
        #expect(Self.pace.delay(jitter: 0) == .seconds(4))
        #expect(Self.pace.delay(jitter: 0.5) == .seconds(5))
        #expect(Self.pace.delay(jitter: 1) == .seconds(6))
        #expect(PollPace(interval: .seconds(5), jitter: 7).delay(jitter: 0) == .zero)
        #expect(PollPace(interval: .zero, jitter: 0).delay(jitter: 0.5) == .milliseconds(1))
    }

    @Test("After failures it asks less often, never more often than otherwise, and as before after a success")
    func backoff() {
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        for seconds in [5.5, 6, 7] {
            #expect(answer(&machine, .failure(Self.down)) == ["wait \(seconds) seconds"])
            _ = machine.due(jitter: 0.5)
        }
        #expect(answer(&machine, .success(value(1))) == ["deliver value 1", "wait 5.0 seconds"])
        _ = machine.due(jitter: 0.5)
        #expect(answer(&machine, .failure(Self.down), jitter: 0) == ["wait 5.0 seconds"])
    }

    @Test("A server that names a time is not asked before")
    func retryAfter() {
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        let error = FreshetError(.rateLimited(retryAfter: .seconds(60)), "slowly")
        #expect(answer(&machine, .failure(error)) == ["wait 60.5 seconds"])
    }

    @Test(
        "An error that trying again does not mend is the end",
        arguments: [.unauthorized, .forbidden, .notFound, .decoding, .operationFailed(payload: [])]
            as [FreshetError.Kind]
    )
    func fatal(_ kind: FreshetError.Kind) {
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        #expect(answer(&machine, .failure(FreshetError(kind, "no"))) == ["fail no"])
        #expect(machine.due(jitter: 0.5).isEmpty)
    }

    @Test("A late answer, or one that came before, does not count")
    func late() {
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        _ = answer(&machine, .failure(Self.down))
        #expect(answer(&machine, .success(value(1))) == [])
        _ = machine.due(jitter: 0.5)
        #expect(answer(&machine, .success(value(1)), number: 1) == [])
        machine.end()
        #expect(answer(&machine, .success(value(1))) == [])
        #expect(machine.due(jitter: 0.5).isEmpty)
        #expect(!machine.hasResult)
    }

    @Test("A consumer that has not taken what it has is not asked for more")
    func full() {
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        _ = answer(&machine, .success(value(1)))
        #expect(machine.due(isFull: true, jitter: 0.5).texts == ["wait 5.0 seconds"])
        #expect(machine.due(jitter: 0.5).texts == ["ask 2"])
    }

    @Test("What is fetched when the subscription takes over is not handed out again, but its versions count")
    func takingOver() {
        let versions: [JSONValue: Position] = ["a": Position(number: 3)]
        var machine = PollMachine(Self.pace)
        _ = machine.begin()
        let polled = Fetched(.snapshot, items: [.value(1, isSnapshot: true)], versions: versions, validator: "v")
        _ = answer(&machine, .success(polled))
        machine.end()
        #expect(machine.validator == "v")
        let newer: [JSONValue: Position] = ["a": Position(number: 4)]
        let same = machine.withoutRepetition(
            Fetched(.snapshot, items: [.value(1, isSnapshot: true)], versions: newer)
        )
        #expect(same.items.isEmpty)
        #expect(same.versions == newer)
        #expect(machine.withoutRepetition(Fetched(.unchanged)).versions == versions)
        let position = Position(number: 9)
        #expect(machine.withoutRepetition(Fetched(.unchanged, position: position)).position == position)
        #expect(machine.withoutRepetition(value(2)).items.count == 1)
    }
}

extension [PollMachine.Action] {
    fileprivate var texts: [String] {
        map { action in
            switch action {
            case .ask(let number, let validator): "ask \(number)" + (validator.map { " \($0)" } ?? "")
            case .wait(let delay): "wait \(delay)"
            case .deliver(let items): "deliver " + items.map(\.text).joined(separator: ", ")
            case .fail(let error): "fail \(error.message)"
            }
        }
    }
}
