// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTestSupport

/// A stand-in for a database of Google's, in this very process: its feeds have states and no positions.
protocol StandInServer: SoakedServer {
    var publisher: Publisher { get }
    /// Ends tokens when their time has come.
    var ending: Task<Void, Never> { get }

    /// Forgets its connections.
    func drop()
    /// Listens no more.
    func end()
}

extension StandInServer {
    func place(of position: Position) -> Int? { nil }

    /// What was written is kept, as a database does; connections are not, and nobody is let in for a while.
    func restart(after down: Duration) async throws(FreshetError) {
        self.proxy.conditions.refusesConnections = true
        self.drop()
        self.proxy.cut(.reset)
        try? await Task.sleep(for: down)
        self.proxy.conditions.refusesConnections = false
    }

    func forget() async throws(FreshetError) {}

    func quiesce() async -> [String: Int] {
        guard let source = self.kinds.first?.source else { return [:] }
        return [source: await self.publisher.stop()]
    }

    func stop() async {
        _ = await self.publisher.stop()
        self.ending.cancel()
        self.proxy.stop()
        self.end()
    }
}
