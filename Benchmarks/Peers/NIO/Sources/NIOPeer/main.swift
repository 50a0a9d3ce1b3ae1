// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

// SwiftNIO's WebSocket client: one event loop, our handler right behind its frame decoder. For HTTP see Requests.swift.

func fail(_ why: String) -> Never {
    let line = Array("\(why)\n".utf8)
    _ = write(2, line, line.count)
    exit(1)
}

/// Opens a connection. Our handler hears when the server has agreed.
func connect(
    _ options: Options,
    on group: MultiThreadedEventLoopGroup,
    tls: NIOSSLContext?
) async throws -> any Channel {
    // Large reads, but where memory is what is measured.
    let reads =
        options.mode == "idle"
        ? AdaptiveRecvByteBufferAllocator()
        : AdaptiveRecvByteBufferAllocator(minimum: 64 << 10, initial: 256 << 10, maximum: 1 << 20)
    let upgraded = try await ClientBootstrap(group: group)
        .channelOption(.socketOption(.tcp_nodelay), value: 1)
        .channelOption(.recvAllocator, value: reads)
        .channelOption(.writeBufferWaterMark, value: .init(low: 256 << 10, high: 1 << 20))
        .connect(host: "127.0.0.1", port: options.port) { channel in
            channel.eventLoop.makeCompletedFuture { try prepare(channel, options, tls) }
        }
    let channel = try await upgraded.get()
    channel.pipeline.fireUserInboundEventTriggered(Upgraded())
    return channel
}

/// The handlers from the socket to ours.
func prepare(_ channel: any Channel, _ options: Options, _ tls: NIOSSLContext?) throws -> EventLoopFuture<any Channel> {
    if let tls {
        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil))
    }
    let upgrader = NIOTypedWebSocketClientUpgrader<any Channel>(
        maxFrameSize: 64 << 20,
        upgradePipelineHandler: { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                if options.mode != "idle" { try channel.pipeline.syncOperations.addHandler(Client(options)) }
                return channel
            }
        }
    )
    let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: options.path, headers: ["Host": "127.0.0.1"])
    let upgrade = NIOTypedHTTPClientUpgradeConfiguration<any Channel>(
        upgradeRequestHead: head,
        upgraders: [upgrader],
        notUpgradingCompletionHandler: { _ in fail("the server did not upgrade") }
    )
    var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
    // The first frames may come along with the response.
    configuration.leftOverBytesStrategy = .forwardBytes
    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: configuration)
}

func makeTLS(_ options: Options) -> TLSConfiguration? {
    guard options.isSecure else { return nil }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = options.ca.map { .file($0) } ?? .default
    configuration.minimumTLSVersion = .tlsv13
    return configuration
}

/// Opens connections that stay idle, a hundred at a time, and tells what each of them needs.
func idle(_ options: Options, on group: MultiThreadedEventLoopGroup, tls: NIOSSLContext?) async throws {
    func open(_ wanted: Int) async throws -> [any Channel] {
        try await withThrowingTaskGroup(of: (any Channel).self) { tasks in
            var channels: [any Channel] = []
            for begun in 0..<wanted {
                if begun >= 100, let channel = try await tasks.next() { channels.append(channel) }
                tasks.addTask { try await connect(options, on: group, tls: tls) }
            }
            for try await channel in tasks { channels.append(channel) }
            return channels
        }
    }
    let first = try await open(10)  // what the first ones alone need
    let (before, begun) = (Measure.resident(), Measure.now())
    let channels = try await open(options.connections)
    let seconds = Measure.now() - begun
    try await Task.sleep(for: .seconds(2))
    let each = (Measure.resident() - before) / Double(options.connections)
    options.report(#""connections":\#(channels.count),"seconds":\#(seconds),"kib_each":\#(each)"#)
    withExtendedLifetime((first, channels)) {}
}

let options = Options(CommandLine.arguments)
if !["receive", "send", "echo", "idle", "sequential", "parallel"].contains(options.mode)
    || options.path.contains("deflate=1")
{
    print(#"{"unsupported":true}"#)
} else {
    do {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let tls = try makeTLS(options).map { try NIOSSLContext(configuration: $0) }
        if ["sequential", "parallel"].contains(options.mode) {
            try await Requests(options, tls: makeTLS(options)).run()
        } else if options.mode == "idle" {
            try await idle(options, on: group, tls: tls)
        } else {
            try await connect(options, on: group, tls: tls).closeFuture.get()
        }
    } catch {
        fail("\(error)")
    }
}
