// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import FreshetCore
package import FreshetSoak
import FreshetTestSupport

/// One run: servers, clients, one fault after another, and in the end what came of it.
package struct SoakRun: Sendable {
    let plan: SoakPlan
    let recorder: RunRecorder
    private let onProgress: @Sendable (RunProgress) -> Void
    let isStopped = Locked(false)

    /// How long clients may take to come up at the beginning, and what is still on its way at the end.
    private static let patience: Duration = .seconds(30)

    /// - Parameters:
    ///   - plan: what to do.
    ///   - onProgress: hears several times a second how it stands.
    /// - Throws: `.invalidInput` when the report's directory cannot be written to.
    package init(
        _ plan: SoakPlan,
        onProgress: @escaping @Sendable (RunProgress) -> Void = { _ in }
    ) throws(FreshetError) {
        self.plan = plan
        self.onProgress = onProgress
        if let directory = plan.directory {
            do {
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            } catch {
                throw FreshetError(
                    .invalidInput,
                    "the directory \(directory) cannot be made",
                    hint: "is there a file of that name, and may you write there?"
                )
            }
        }
        self.recorder = try RunRecorder(history: plan.directory.map { "\($0)/\(ReportFiles.history)" })
    }

    /// What a run has come to.
    package struct Outcome: Sendable {
        package var report: SoakReport
        /// The faults, in the order in which they were.
        package var faults: [FaultSchedule.Entry]
        /// Those that meant nothing to the servers of this run.
        package var skipped: Set<String>
    }

    /// No fault more: it comes to its end, in good order.
    package func stop() { self.isStopped.withLock { $0 = true } }

    /// Ends the servers that runs have started, for a process that ends at once.
    package static func endServers() { ServerProcess.killAll() }

    /// Does it.
    ///
    /// - Throws: when a server cannot be started, the clients do not come up, or the history cannot be written.
    package func run() async throws(FreshetError) -> Outcome {
        self.recorder.record(.run(facts: self.facts()))
        let progress = Locked(RunProgress(duration: self.plan.duration))
        let work = Task { await self.work(progress) }
        defer { work.cancel() }
        let servers = try await SoakedServers.start(self.plan, self.recorder)
        let outcome: (faults: [FaultSchedule.Entry], skipped: Set<String>)
        do throws(FreshetError) {
            outcome = try await self.soak(servers, progress)
        } catch {
            for server in servers { await server.stop() }
            throw error
        }
        for server in servers { await server.stop() }
        self.recorder.record(.finished)
        work.cancel()
        await work.value
        let report = try self.recorder.report(self.plan.requirements)
        if let directory = self.plan.directory { try ReportFiles.write(report, to: directory) }
        return Outcome(report: report, faults: outcome.faults, skipped: outcome.skipped)
    }

    private func facts() -> RunFacts {
        var limits = OracleLimits()
        // Buffers, caches and the allocator take what they need for every fault; a few minutes say nothing about an hour.
        limits.warmUp = Int(min(.seconds(600), self.plan.duration / 4) / .microseconds(1))
        if self.plan.duration < .seconds(1800) { limits.memoryNoise = 32_000_000 }
        limits.keepAlive = Int(self.plan.timing.keepAlive / .microseconds(1))
        limits.deadline = Int(self.plan.timing.deadline / .microseconds(1))
        let isTarget = if case .target = self.plan.place { true } else { false }
        // A connection is over when both sides have ended it, and that side is not ours: sockets are not judged there.
        if isTarget {
            limits.socketGrace = 3_600_000_000
            // Both ends in the proxy of each.
            limits.descriptors = self.plan.clients * 2
        }
        return RunFacts(
            seed: self.plan.seed,
            mode: isTarget ? "target" : "local",
            began: Date().formatted(.iso8601),
            reproduction: self.plan.reproduction,
            limits: limits
        )
    }

    /// Judges and writes what comes in, and says how it stands.
    private func work(_ progress: Locked<RunProgress>) async {
        var turn = 0
        while !Task.isCancelled {
            guard let standing = try? self.recorder.work() else { return }
            let now = progress.withLock { progress in
                progress.take(standing)
                return progress
            }
            if turn % 5 == 0 { self.onProgress(now) }
            turn += 1
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func soak(
        _ servers: [any SoakedServer],
        _ progress: Locked<RunProgress>
    ) async throws(FreshetError) -> (faults: [FaultSchedule.Entry], skipped: Set<String>) {
        let population = Population(servers, self.plan, self.recorder)
        do throws(FreshetError) {
            return try await self.soak(servers, population, progress)
        } catch {
            await population.close()
            throw error
        }
    }

    private func soak(
        _ servers: [any SoakedServer],
        _ population: Population,
        _ progress: Locked<RunProgress>
    ) async throws(FreshetError) -> (faults: [FaultSchedule.Entry], skipped: Set<String>) {
        try await self.warmUp(servers, population)
        self.sample(isIdle: true)
        let sampling = Task { await self.sampleAll(population, progress) }
        defer { sampling.cancel() }
        let began = ContinuousClock.now
        try population.fill(self.plan.clients)
        try await self.comeUp(population, since: began)
        let faults = try await self.inject(servers, population, progress, until: began + self.plan.duration)
        await self.settle(servers, population, progress)
        sampling.cancel()
        await sampling.value
        progress.withLock { $0.stage = "closing" }
        await population.close()
        await self.comeDown()
        self.sample(isIdle: true)
        return faults
    }

    /// What clients make once and for all (loops, threads, libraries) is there before it is counted what there is.
    private func warmUp(_ servers: [any SoakedServer], _ population: Population) async throws(FreshetError) {
        // The loop for many connections is made with the 65th.
        try population.fill(self.plan.clients > 10 ? 70 : servers.count * 2)
        let began = ContinuousClock.now
        while population.away(since: began) > 0, ContinuousClock.now < began + .seconds(5) {
            try self.checkComing(population, since: began)
            try? await Task.sleep(for: .milliseconds(50))
        }
        await population.close()
        await self.comeDown()
    }

    /// The other side's descriptors are closed a little later.
    private func comeDown() async { try? await Task.sleep(for: .milliseconds(1500)) }

    private func comeUp(_ population: Population, since began: ContinuousClock.Instant) async throws(FreshetError) {
        while population.away(since: began) > 0 {
            try self.checkComing(population, since: began)
            guard ContinuousClock.now < began + Self.patience else {
                throw FreshetError(
                    .unreachable,
                    Self.absence(population, since: began, "after \(Self.patience)"),
                    hint: "is the server up, and does the subscription send anything?"
                )
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        try self.checkFailure(population)
    }

    /// Whether it is any use to wait for clients: nobody has ended the run, and no client has been told that it will never have anything.
    private func checkComing(
        _ population: Population,
        since began: ContinuousClock.Instant
    ) throws(FreshetError) {
        try self.checkFailure(population)
        if self.isStopped.withLock({ $0 }) {
            throw FreshetError(.cancelled, Self.absence(population, since: began, "until the run was ended"))
        }
    }

    private func checkFailure(_ population: Population) throws(FreshetError) {
        guard let failure = population.failure else { return }
        let message = "a client had nothing, and never will: \(failure.message)"
        throw FreshetError(.unreachable, message, hint: failure.hint)
    }

    private static func absence(
        _ population: Population,
        since began: ContinuousClock.Instant,
        _ time: String
    ) -> String {
        let clients = population.clients.count
        let reason = population.error.map { ": \($0.message)" } ?? ""
        return "\(population.away(since: began)) of \(clients) clients had nothing \(time)\(reason)"
    }

    /// Nothing more is published: what is on its way comes, and then everything must have come.
    private func settle(
        _ servers: [any SoakedServer],
        _ population: Population,
        _ progress: Locked<RunProgress>
    ) async {
        progress.withLock { $0.stage = "settling" }
        var last: [String: Int] = [:]
        for server in servers { last.merge(await server.quiesce()) { $1 } }
        let deadline = ContinuousClock.now + Self.patience
        let streams = population.clients.flatMap(\.streams)
        func isThere(_ stream: StreamTask) -> Bool { stream.place >= last[stream.kind.source] ?? 0 }
        while ContinuousClock.now < deadline {
            // What goes on for ever is left when it has come to where it was to come.
            for stream in streams where !stream.server.isOurs && !stream.isOver && isThere(stream) {
                await stream.leave()
            }
            if streams.allSatisfy({ $0.isOver || isThere($0) }) { break }
            try? await Task.sleep(for: .milliseconds(50))
        }
        // What nobody expects has time to come too.
        try? await Task.sleep(for: .seconds(1))
        self.recorder.record(.settled)
    }

    private func sampleAll(_ population: Population, _ progress: Locked<RunProgress>) async {
        var turn = 0
        while !Task.isCancelled {
            if turn % 5 == 0 { ProcessFigures.trim() }
            turn += 1
            if let figures = self.sample(isIdle: false) { progress.withLock { $0.take(figures, population.phases()) } }
            try? await Task.sleep(for: .seconds(1))
        }
    }

    @discardableResult
    private func sample(isIdle: Bool) -> ProcessFigures? {
        guard let figures = ProcessFigures.now() else { return nil }
        self.recorder.record(
            .sample(
                process: "freshet",
                descriptors: figures.descriptors,
                resident: figures.resident,
                inUse: figures.inUse,
                idle: isIdle
            )
        )
        return figures
    }
}
