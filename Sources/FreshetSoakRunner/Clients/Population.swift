// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak
import FreshetTestSupport

/// The clients of a run, spread evenly over its servers.
final class Population: Sendable {
    private struct State: Sendable {
        var clients: [RunClient] = []
        var lastNumber = -1
    }

    private let servers: [any SoakedServer]
    private let timing: ClientTiming
    private let recorder: RunRecorder
    private let planted: PlantedFault?
    private let state = Locked(State())

    init(_ servers: [any SoakedServer], _ plan: SoakPlan, _ recorder: RunRecorder) {
        self.servers = servers
        self.timing = plan.timing
        self.planted = plan.planted
        self.recorder = recorder
    }

    var clients: [RunClient] { self.state.withLock { $0.clients } }

    func clients(of server: any SoakedServer) -> [RunClient] { self.clients.filter { $0.server === server } }

    /// A setup with a number of its own.
    func setup() -> ClientSetup {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return ClientSetup(number: number, timing: self.timing)
    }

    /// Makes so many clients, with their streams: some read one stream, some all that there are; every fourth has credentials.
    func fill(_ count: Int) throws(FreshetError) {
        for index in 0..<count {
            let server = self.servers[index % self.servers.count]
            try self.add(to: server, index: index / self.servers.count)
        }
    }

    private func add(to server: any SoakedServer, index: Int) throws(FreshetError) {
        var setup = self.setup()
        setup.hasTokens = index % 4 == 1 && server.takesTokens
        let client = try RunClient(
            setup,
            of: server,
            recorder: self.recorder,
            planter: self.planted.map { Planter($0) }
        )
        self.state.withLock { $0.clients.append(client) }
        for kind in server.kinds.prefix(index % 2 == 0 ? server.kinds.count : 1) { client.open(kind) }
    }

    /// Closes a client, and makes another in its place.
    func replace(_ client: RunClient) async throws(FreshetError) {
        self.state.withLock { $0.clients.removeAll { $0 === client } }
        await client.close()
        try self.add(to: client.server, index: 0)
    }

    /// Every stream is left and begun again where it was.
    func reopenAll() async {
        await withTaskGroup { group in
            for client in self.clients {
                group.addTask { for stream in client.streams where !stream.isOver { await client.reopen(stream) } }
            }
        }
    }

    /// A thousand streams a second come and go, for two seconds, over the first clients.
    func churn() async {
        let clients = Array(self.clients.prefix(10))
        let began = ContinuousClock.now
        await withTaskGroup { group in
            for client in clients {
                guard let kind = client.server.kinds.first else { continue }
                group.addTask {
                    for turn in 0..<(2000 / clients.count) {
                        await client.touch(kind)
                        let due = began + .milliseconds(turn * clients.count)
                        if due > .now { try? await Task.sleep(until: due, clock: .continuous) }
                    }
                }
            }
        }
    }

    /// How many are not back since then.
    func away(since instant: ContinuousClock.Instant) -> Int { self.clients.count { !$0.isBack(since: instant) } }

    /// Why a client had nothing, and never will; nil as long as all may.
    var failure: FreshetError? { self.clients.compactMap { $0.failure }.first }

    /// Why clients are away, as far as one was told.
    var error: FreshetError? { self.clients.compactMap { $0.error }.last }

    func phases() -> [ClientPhase: Int] {
        self.clients.reduce(into: [:]) { $0[$1.phase, default: 0] += 1 }
    }

    func close() async {
        let clients = self.state.withLock { state in
            defer { state.clients = [] }
            return state.clients
        }
        await withTaskGroup { group in
            for client in clients { group.addTask { await client.close() } }
        }
    }
}
