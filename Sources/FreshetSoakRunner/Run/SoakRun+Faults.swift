// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak

extension SoakRun {
    /// One fault after another, until it is time.
    func inject(
        _ servers: [any SoakedServer],
        _ population: Population,
        _ progress: Locked<RunProgress>,
        until end: ContinuousClock.Instant
    ) async throws(FreshetError) -> (faults: [FaultSchedule.Entry], skipped: Set<String>) {
        let injector = FaultInjector(
            servers: servers,
            population: population,
            timing: self.plan.timing,
            duration: self.plan.duration
        )
        let probe = (servers.lazy.compactMap { $0 as? GraphQLServer }.first).map {
            Probe(server: $0, population: population, recorder: self.recorder)
        }
        var schedule = FaultSchedule(self.plan.faults, seed: self.plan.seed, inOrder: self.plan.inOrder)
        var done: [FaultSchedule.Entry] = []
        var skipped: Set<String> = []
        while !self.isStopped.withLock({ $0 }), self.plan.inOrder || ContinuousClock.now < end {
            guard let entry = schedule.next() else {
                if self.plan.inOrder { break }
                // No faults at all: the clients are only watched.
                try? await Task.sleep(for: .milliseconds(200))
                continue
            }
            let id = entry.fault.id
            let began = { () -> Void in
                progress.withLock { $0.began(id) }
                self.recorder.record(.faultBegan(number: entry.number, id: id))
            }
            let ended = { () -> Void in self.recorder.record(.faultEnded(number: entry.number)) }
            if Probe.isProbed(id), let probe {
                try await probe.run(id, began: began, ended: ended)
            } else {
                let deeds = injector.deeds(for: entry)
                guard !deeds.isEmpty else {
                    skipped.insert(id)
                    if skipped.count == Set(self.plan.faults.faults.map(\.id)).count { return (done, skipped) }
                    continue
                }
                began()
                try await self.does(deeds)
                ended()
            }
            done.append(entry)
            try await self.recovered(servers, population, progress, id)
        }
        return (done, skipped)
    }

    /// All of them at the same time, and as long as the longest.
    private func does(_ deeds: [FaultDeed]) async throws(FreshetError) {
        let failure = await withTaskGroup(of: FreshetError?.self) { group in
            for deed in deeds {
                group.addTask {
                    do throws(FreshetError) {
                        try await deed.begin()
                        if deed.hold > .zero { try? await Task.sleep(for: deed.hold) }
                        try await deed.end()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(nil) { $0 ?? $1 }
        }
        if let failure { throw failure }
    }

    /// Waits until everybody is back, but not for ever: who is not is counted by the figures.
    private func recovered(
        _ servers: [any SoakedServer],
        _ population: Population,
        _ progress: Locked<RunProgress>,
        _ id: String
    ) async throws(FreshetError) {
        // What was on its way comes first, and who was cut off knows it.
        try? await Task.sleep(for: .milliseconds(300))
        let ended = ContinuousClock.now
        let timing = self.plan.timing
        let deadline = ended + timing.backoff.cap + timing.deadline + timing.keepAlive + .seconds(10)
        while !self.isStopped.withLock({ $0 }), ContinuousClock.now < deadline {
            let away = population.away(since: ended)
            progress.withLock { $0.away = away }
            if away == 0 { break }
            for server in servers { if let failure = server.failure() { throw failure } }
            try? await Task.sleep(for: .milliseconds(50))
        }
        progress.withLock { $0.over(id, everybodyIsBack: $0.away == 0) }
        try? await Task.sleep(for: .milliseconds(300))
    }
}
