// SPDX-License-Identifier: Apache-2.0

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

// Foundation's client: `data(from:)` of a session of its own. No TLS: it can be told of no other authority than the system's.

func fail(_ why: String) -> Never {
    FileHandle.standardError.write(Data("\(why)\n".utf8))
    exit(1)
}

struct Requests: Sendable {
    static let warmUp = 1000

    let session: URLSession
    let url: URL
    let size: Int
    let width: Int

    func get() async throws {
        let (body, response) = try await self.session.data(from: self.url)
        guard (response as? HTTPURLResponse)?.statusCode == 200, body.count == self.size else {
            fail("another answer was expected")
        }
    }

    func sequential(_ count: Int) async throws {
        for _ in 0..<count { try await self.get() }
    }

    func parallel(_ count: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<self.width {
                group.addTask {
                    for _ in stride(from: worker, to: count, by: self.width) { try await self.get() }
                }
            }
            try await group.waitForAll()
        }
    }

    func run(_ mode: String, _ count: Int) async throws {
        if mode == "parallel" { try await self.parallel(count) } else { try await self.sequential(count) }
    }
}

func cpu() -> Double {
    var usage = rusage()
    #if canImport(Darwin)
    getrusage(RUSAGE_SELF, &usage)
    #else
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    #endif
    let user = Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6
    return user + Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6
}

func main() async throws {
    let arguments = CommandLine.arguments
    var named: [String: String] = [:]
    for index in stride(from: 3, to: arguments.count - 1, by: 2) { named[arguments[index]] = arguments[index + 1] }
    func number(_ name: String, _ otherwise: Int) -> Int { named[name].flatMap { Int($0) } ?? otherwise }
    let mode = arguments[1]
    guard let url = URL(string: arguments[2]), ["sequential", "parallel", "once"].contains(mode) else {
        return print(#"{"unsupported":true}"#)
    }
    let (size, count, width) = (number("--size", 1024), number("--count", 10_000), number("--connections", 64))
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = width
    let requests = Requests(session: URLSession(configuration: configuration), url: url, size: size, width: width)
    guard mode != "once" else { return try await requests.get() }
    try await requests.run(mode, Requests.warmUp)
    let (begun, cpuBegun) = (DispatchTime.now().uptimeNanoseconds, cpu())
    try await requests.run(mode, count)
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - begun) / 1e9
    print(
        #"{"client":"urlsession","mode":"\#(mode)","size":\#(size),"messages":\#(count),"seconds":\#(seconds),"#
            + #""cpu_seconds":\#(cpu() - cpuBegun)}"#
    )
}

do { try await main() } catch { fail("\(error)") }
