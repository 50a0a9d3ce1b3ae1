// SPDX-License-Identifier: Apache-2.0

import BenchMeasure
import FreshetHTTP

/// GETs over connections that are kept, as a user would write them: a client with a base URL and the default middlewares.
struct Requests {
    struct WrongSize: Error {}

    private static let warmUp = 1000

    private let api: HTTPClient
    private let path: String
    private let size: Int
    private let count: Int
    private let width: Int

    init(_ options: Options) {
        let parts = options.url.split(separator: "/", maxSplits: 2)
        var configuration = HTTPConfiguration()
        configuration.proxy = .none
        configuration.tls.authorities = options.ca.map { .file($0) }
        self.api = HTTPClient(baseURL: "\(parts[0])//\(parts[1])", configuration: configuration)
        self.path = String(parts[2])
        self.size = options.number("size", 1024)
        self.count = options.number("count", 10_000)
        self.width = options.number("connections", 64)
    }

    /// One after another.
    func sequential() async throws -> String {
        try await self.measured { count in
            for _ in 0..<count { try await self.get() }
        }
    }

    /// As many at a time as there may be connections.
    func parallel() async throws -> String {
        try await self.measured { count in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<self.width {
                    group.addTask {
                        for _ in stride(from: worker, to: count, by: self.width) { try await self.get() }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func get() async throws {
        let reply = try await self.api.reply(to: .get, self.path)
        guard reply.body.bytes?.count == self.size else { throw WrongSize() }
    }

    private func measured(_ requests: (Int) async throws -> Void) async throws -> String {
        try await requests(Self.warmUp)
        let (begun, cpuBegun) = (Measure.now(), Measure.cpu())
        try await requests(self.count)
        return
            #""messages":\#(self.count),"seconds":\#(Measure.now() - begun),"cpu_seconds":\#(Measure.cpu() - cpuBegun)"#
    }
}
