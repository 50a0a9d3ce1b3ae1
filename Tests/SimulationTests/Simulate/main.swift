// SPDX-License-Identifier: Apache-2.0

import FreshetSimulator

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

// simulate [SEEDS] [--from SEED] [--mutation NAME|all] [--trace]: runs many seeds, and says which one is wrong.

var seeds: UInt64 = 10_000
var first: UInt64 = 1
var mutations: [Mutation?] = [nil]
var arguments = Array(CommandLine.arguments.dropFirst())

@Sendable func show(_ text: String) {
    guard isatty(2) == 1 else { return }
    _ = text.utf8CString.withUnsafeBytes { write(2, $0.baseAddress, $0.count - 1) }
}

func usage() -> Never {
    let names = Mutation.allCases.map(\.rawValue).joined(separator: "|")
    print("usage: simulate [SEEDS] [--from SEED] [--mutation all|\(names)] [--trace]")
    exit(64)
}

while !arguments.isEmpty {
    switch arguments.removeFirst() {
    case "--from":
        guard let text = arguments.first, let seed = UInt64(text) else { usage() }
        arguments.removeFirst()
        first = seed
    case "--trace": break  // the simulator looks for it itself
    case "--mutation":
        guard let name = arguments.first else { usage() }
        arguments.removeFirst()
        mutations = name == "all" ? Mutation.allCases : [Mutation(rawValue: name)]
        if mutations == [nil] { usage() }
    case let text:
        guard let count = UInt64(text), count > 0 else { usage() }
        seeds = count
    }
}

var isWell = true
for mutation in mutations {
    let campaign = Campaign(first: first, seeds: seeds, mutation: mutation)
    let report = await campaign.run { show("\r\($0)") }
    show("\r\u{1B}[K")
    print(report.text)
    isWell = isWell && report.isExpected
}
exit(isWell ? 0 : 1)
