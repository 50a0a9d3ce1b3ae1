// SPDX-License-Identifier: Apache-2.0

/// The command line that all clients share: `MODE URL [--ca FILE] [--size N] [--count N] [--connections N]`.
struct Options: Sendable {
    let mode: String
    let url: String
    let isSecure: Bool
    let port: Int
    let path: String
    let ca: String?
    let size: Int
    let count: Int
    let connections: Int

    init(_ arguments: [String]) {
        self.mode = arguments[1]
        self.url = arguments[2]
        self.isSecure = url.hasPrefix("wss:") || url.hasPrefix("https:")
        let authority = url.split(separator: "/", maxSplits: 2)[1]
        self.port = Int(authority.split(separator: ":")[1]) ?? 0
        self.path = "/" + url.split(separator: "/", maxSplits: 2)[2]
        var named: [String: String] = [:]
        for index in stride(from: 3, to: arguments.count - 1, by: 2) { named[arguments[index]] = arguments[index + 1] }
        self.ca = named["--ca"]
        func number(_ name: String, _ otherwise: Int) -> Int { named[name].flatMap { Int($0) } ?? otherwise }
        self.size = number("--size", 128)
        self.count = number("--count", 1_000_000)
        self.connections = number("--connections", 1000)
    }

    func report(_ fields: String) {
        let client = self.url.hasPrefix("http") ? "async-http-client" : "nio"
        print(#"{"client":"\#(client)","mode":"\#(self.mode)","size":\#(self.size),\#(fields)}"#)
    }
}
