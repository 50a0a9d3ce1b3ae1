// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOPosix
import NIOSSL

/// AsyncHTTPClient: GETs as its documentation shows them, HTTP/1.1 over connections that are kept.
struct Requests {
    private static let warmUp = 1000

    private let options: Options
    private let client: HTTPClient
    private let width: Int

    init(_ options: Options, tls: NIOSSL.TLSConfiguration?) {
        self.options = options
        self.width = options.mode == "parallel" ? options.connections : 1
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = self.width
        self.client = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }

    func run() async throws {
        try await self.work(Self.warmUp)
        let (begun, cpuBegun) = (Measure.now(), Measure.cpu())
        try await self.work(self.options.count)
        self.options.report(
            #""messages":\#(self.options.count),"seconds":\#(Measure.now() - begun),"cpu_seconds":\#(Measure.cpu() - cpuBegun)"#
        )
        try await self.client.shutdown()
    }

    private func work(_ count: Int) async throws {
        guard self.width > 1 else {
            for _ in 0..<count { try await self.get() }
            return
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<self.width {
                group.addTask {
                    for _ in stride(from: worker, to: count, by: self.width) { try await self.get() }
                }
            }
            try await group.waitForAll()
        }
    }

    private func get() async throws {
        let response = try await self.client.execute(HTTPClientRequest(url: self.options.url), timeout: .seconds(30))
        let body = try await response.body.collect(upTo: 1 << 20)
        guard response.status == .ok, body.readableBytes == self.options.size else { fail("another answer was expected") }
    }
}
