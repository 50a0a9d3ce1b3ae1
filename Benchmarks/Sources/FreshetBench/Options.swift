// SPDX-License-Identifier: Apache-2.0

/// The command line that all clients share: `MODE URL [--ca FILE] [--size N] [--count N] [--connections N] [--seconds N]`.
struct Options {
    let mode: String
    let url: String
    private let named: [String: String]

    init(_ arguments: [String]) {
        self.mode = arguments[1]
        self.url = arguments[2]
        var named: [String: String] = [:]
        for index in stride(from: 3, to: arguments.count - 1, by: 2) { named[arguments[index]] = arguments[index + 1] }
        self.named = named
    }

    var ca: String? { self.named["--ca"] }
    func number(_ name: String, _ otherwise: Int) -> Int { self.named["--\(name)"].flatMap { Int($0) } ?? otherwise }
}
