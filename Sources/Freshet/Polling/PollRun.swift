// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// The polling of one feed that has no socket at all: carries out what its `PollMachine` decides.
///
/// It and its buffer hold each other until the consumer leaves or the feed ends, which every iterator sees to.
actor PollRun {
    typealias Ask = @Sendable (_ validator: String?) async throws(FreshetError) -> Fetched

    /// How long an answer may take, as of a snapshot beside a subscription.
    static let deadline: Duration = .seconds(10)

    private var machine: PollMachine
    private let ask: Ask
    private let policy = ClosePolicy()
    private let time: TimeSource
    private var buffer: FeedBuffer?
    /// The consumer has not taken what it has.
    private var isFull = false
    private var asking: Task<Void, Never>?
    private var timer: Task<Void, Never>?

    private init(_ pace: PollPace, time: TimeSource, ask: @escaping Ask) {
        self.machine = PollMachine(pace)
        self.time = time
        self.ask = ask
    }

    /// Begins to ask; the buffer's `leave` ends it.
    static func begin(_ pace: PollPace, _ delivery: DeliveryPolicy, time: TimeSource, ask: @escaping Ask) -> FeedBuffer
    {
        let run = PollRun(pace, time: time, ask: ask)
        let buffer = FeedBuffer(
            DeliveryBuffer(delivery),
            resumeReading: { Task { await run.drained() } },
            consumerLeft: { Task { await run.stop() } }
        )
        Task { await run.begin(buffer) }
        return buffer
    }

    private func begin(_ buffer: FeedBuffer) {
        // The consumer may have left before.
        guard !buffer.isOver else { return }
        self.buffer = buffer
        self.perform(self.machine.begin())
    }

    private func drained() { self.isFull = false }

    private func stop() {
        self.machine.end()
        self.asking?.cancel()
        self.timer?.cancel()
        self.buffer = nil
    }

    // MARK: - The machine

    private func perform(_ actions: [PollMachine.Action]) {
        for action in actions {
            switch action {
            case .ask(let number, let validator): self.ask(number, validator)
            case .wait(let delay): self.after(delay) { $0.due() }
            case .deliver(let items): self.deliver(items)
            case .fail(let error):
                self.buffer?.finish(.failed(error))
                self.stop()
            }
        }
    }

    private func ask(_ number: Int, _ validator: String?) {
        self.asking = Task { [ask = self.ask] in
            let result: Result<Fetched, FreshetError>
            do throws(FreshetError) {
                result = .success(try await ask(validator))
            } catch {
                result = .failure(error)
            }
            self.answered(number, result)
        }
        self.after(Self.deadline) { run in
            run.asking?.cancel()
            run.answered(number, .failure(FreshetError(.timeout(.snapshot), "no answer within \(Self.deadline)")))
        }
    }

    private func answered(_ number: Int, _ result: Result<Fetched, FreshetError>) {
        guard self.machine.isAsking(number) else { return }
        self.timer?.cancel()
        self.perform(self.machine.answered(number, result, by: self.policy, jitter: self.time.jitter()))
    }

    private func due() { self.perform(self.machine.due(isFull: self.isFull, jitter: self.time.jitter())) }

    /// One timer at a time: the deadline of a question, or the wait before the next one.
    private func after(_ delay: Duration, _ body: @escaping @Sendable (isolated PollRun) -> Void) {
        self.timer?.cancel()
        self.timer = Task { [time = self.time] in
            guard (try? await time.sleep(delay)) != nil, !Task.isCancelled else { return }
            body(self)
        }
    }

    private func deliver(_ items: [FeedItem]) {
        let items = items.map { FeedItem.rest($0) }
        let bytes = items.reduce(0) { $0 + $1.byteCount }
        switch self.buffer?.append(items, bytes: bytes, at: self.time.now()) {
        case .taken?, nil: break
        case .full?: self.isFull = true
        case .overflowed?: self.stop()
        }
    }
}
