// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import FreshetCore
import FreshetSimulator
import FreshetSoak
import FreshetSoakRunner

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `freshet soak`: the command line, and nothing but.
struct SoakRunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a soak: --sim, --local or --target."
    )

    @Flag(help: "Simulate: no sockets, virtual time, one run for each seed.")
    var sim = false

    @Option(
        help: ArgumentHelp(
            "Servers that are started here: graphql (embedded), etcd, nats; firestore, rtdb (stand-ins).",
            valueName: "server,…"
        )
    )
    var local: String?

    @Option(help: ArgumentHelp("A GraphQL server of yours.", valueName: "url"))
    var target: String?

    @Flag(name: .customLong("i-own-this"), help: "The target is yours to put under load.")
    var ownsTarget = false

    @Option(
        help: ArgumentHelp("all, none, ids, tcp.*, each perhaps with how long: tcp.blackhole@6s.", valueName: "id,…")
    )
    var faults = "all"

    @Option(help: "How many clients.")
    var clients = 50

    @Option(name: .customLong("for"), help: "How long: 30s, 10m, 1h.")
    var duration: DurationArgument?

    @Option(help: "Decides everything that is left to chance.")
    var seed: UInt64?

    @Option(help: "With --sim: how many seeds, beginning with --seed.")
    var seeds: UInt64 = 1000

    @Option(help: "Elements a second of each local server.")
    var rate = 10

    @Option(
        name: .customLong("require"),
        help: ArgumentHelp("What it must come to, as in 'recover.p99<2s'.", valueName: "figure<value")
    )
    var requirements: [String] = []

    @Option(help: ArgumentHelp("Where the history and the report go.", valueName: "dir"))
    var report: String?

    @Flag(help: "The faults in the order in which they are given, once.")
    var inOrder = false

    @Flag(inversion: .prefixedNo, help: "Look for the shortest list of faults that fails as well.")
    var shrink = true

    @Flag(help: "Say which faults there are, and what is expected of a client.")
    var listFaults = false

    @Option(help: ArgumentHelp("What is wrong with the clients on purpose.", visibility: .hidden))
    var plant: String?

    @OptionGroup(title: "Target")
    var targetOptions: SoakTargetOptions

    @OptionGroup(title: "Clients")
    var timing: SoakTimingOptions

    func validate() throws {
        guard !self.listFaults else { return }
        guard [self.sim, self.local != nil, self.target != nil].count(where: { $0 }) == 1 else {
            throw ValidationError("one of --sim, --local or --target says what is soaked")
        }
        guard !self.sim || (self.report == nil && self.requirements.isEmpty && !self.inOrder) else {
            throw ValidationError("--sim has no --report, --require or --in-order: a seed says everything")
        }
        guard self.seeds > 0 else { throw ValidationError("--seeds must be at least 1: of no seed nothing is proven") }
        guard (1...10_000).contains(self.clients) else { throw ValidationError("--clients is 1 to 10000") }
        guard (1...10_000).contains(self.rate) else { throw ValidationError("--rate is 1 to 10000") }
        guard self.target == nil || self.ownsTarget else {
            throw ValidationError("--target puts a server under load: say --i-own-this if it is yours")
        }
    }

    func run() async throws {
        let terminal = Terminal()
        if self.listFaults {
            _ = terminal.record(Array(SoakFaultList.text().utf8))
            return
        }
        let status: ExitStatus
        do throws(FreshetError) {
            status = self.sim ? await self.simulate(terminal) : try await self.soak(terminal)
        } catch {
            terminal.clearStatus()
            terminal.note(WatchRun.line(for: error))
            throw ExitCode(ExitStatus(error).rawValue)
        }
        if status != .satisfied { throw ExitCode(status.rawValue) }
    }

    private func simulate(_ terminal: Terminal) async -> ExitStatus {
        let campaign = Campaign(first: self.seed ?? 1, seeds: self.seeds)
        let report = await campaign.run { text in
            if terminal.stderrIsTerminal { terminal.status(text) }
        }
        terminal.clearStatus()
        _ = terminal.record(Array("\(report.text)\n".utf8))
        return report.isExpected ? .satisfied : .breach
    }

    private func soak(_ terminal: Terminal) async throws(FreshetError) -> ExitStatus {
        let plan = try self.plan()
        let view = SoakView(
            terminal,
            title: "freshet soak \(self.local ?? "target") │ \(self.clients) clients │ seed \(plan.seed)"
        )
        let run = try SoakRun(plan) { view.show($0) }
        let stopped = Locked<Int32?>(nil)
        let signals = Signals.stream(SIGINT, SIGTERM, SIGHUP) { number, count in
            guard count > 1 else { return }
            SoakRun.endServers()
            _exit(128 + number)
        }
        let listening = Task {
            for await signal in signals {
                stopped.withLock { $0 = signal }
                run.stop()
            }
        }
        defer { listening.cancel() }
        let outcome: SoakRun.Outcome
        do throws(FreshetError) {
            outcome = try await run.run()
        } catch {
            guard error.kind == .cancelled, let signal = stopped.withLock({ $0 }) else { throw error }
            terminal.clearStatus()
            terminal.note(WatchRun.line(for: error))
            return Self.status(of: signal)
        }
        terminal.clearStatus()
        if !outcome.skipped.isEmpty {
            let ids = outcome.skipped.sorted().joined(separator: " ")
            terminal.note("these faults mean nothing to the servers of this run: \(ids)")
        }
        _ = terminal.record(Array(SoakResult.text(of: outcome.report).utf8))
        if let directory = plan.directory { terminal.note("report: \(directory)/index.html") }
        guard outcome.report.passed else {
            if self.shrink { await self.shrunk(plan, outcome, terminal) { stopped.withLock { $0 } != nil } }
            return .breach
        }
        return stopped.withLock({ $0 }).map { Self.status(of: $0) } ?? .satisfied
    }

    private static func status(of signal: Int32) -> ExitStatus { signal == SIGINT ? .interrupted : .terminated }

    /// Looks for fewer faults that fail as well, and prints the line that does it again.
    private func shrunk(
        _ plan: SoakPlan,
        _ outcome: SoakRun.Outcome,
        _ terminal: Terminal,
        isStopped: @escaping @Sendable () -> Bool
    ) async {
        guard !isStopped() else { return }
        let wrong = Set(outcome.report.invariants.filter { $0.breaches > 0 }.map(\.name))
        guard !wrong.isEmpty, !outcome.faults.isEmpty else {
            return terminal.note("do it again: \(plan.reproduction ?? "")")
        }
        terminal.note("looking for fewer faults that fail as well; ^C ends that")
        let shrinker = Shrinker(plan: plan, breached: wrong, isStopped: isStopped)
        let least = await shrinker.shrink(outcome.faults.map(\.fault)) { tried, left in
            terminal.note("try \(tried): \(left) faults fail as well")
        }
        let faults = least.map(\.text).joined(separator: ",")
        terminal.note("do it again: \(self.line(plan.seed).text(faults: faults, duration: nil))")
    }

    /// What does it again.
    private func line(_ seed: UInt64) -> SoakLine {
        var line = SoakLine(local: self.local, clients: self.clients, rate: self.rate, seed: seed)
        if let target {
            line.target = target
            line.query = self.targetOptions.query
            line.variables = self.targetOptions.variables
            line.cursor = self.targetOptions.cursor
            line.number = self.targetOptions.number
            line.hasToken = self.targetOptions.token != nil
        }
        line.timing = self.timing.given
        line.requirements = self.requirements
        return line
    }

    private func plan() throws(FreshetError) -> SoakPlan {
        let place: SoakPlan.Place
        if let target {
            place = .target(try self.targetOptions.target(target))
        } else {
            var servers: [SoakPlan.LocalServer] = []
            for name in (self.local ?? "").split(separator: ",") {
                guard let server = SoakPlan.LocalServer(rawValue: String(name)) else {
                    throw FreshetError(
                        .invalidInput,
                        "there is no local server \(name)",
                        hint: "there are \(SoakPlan.LocalServer.allCases.map(\.rawValue).joined(separator: ", "))"
                    )
                }
                servers.append(server)
            }
            place = .local(servers)
        }
        let seed = self.seed ?? UInt64.random(in: 1...999_999)
        var plan = SoakPlan(place: place, seed: seed, faults: try FaultChoice(self.faults))
        plan.clients = self.clients
        plan.duration = self.duration?.duration ?? .seconds(60)
        plan.inOrder = self.inOrder
        plan.rate = self.rate
        plan.timing = self.timing.timing
        plan.directory = self.report
        plan.planted = self.plant.flatMap { PlantedFault(rawValue: $0) }
        guard self.plant == nil || plan.planted != nil else {
            throw FreshetError(.invalidInput, "there is nothing to plant of that name")
        }
        for text in self.requirements { plan.requirements.append(try Requirement(text)) }
        plan.reproduction = self.line(seed).text(faults: self.faults, duration: self.inOrder ? nil : plan.duration)
        return plan
    }
}
