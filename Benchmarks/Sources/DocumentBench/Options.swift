// SPDX-License-Identifier: Apache-2.0

/// The command line.
struct Options {
    let mode: String
    let url: String
    var count = 1000
    var from: Int64 = 1

    init(_ arguments: [String]) {
        guard arguments.count >= 3 else { fatalError("usage: DocumentBench MODE URL [--count N] [--from REVISION]") }
        (self.mode, self.url) = (arguments[1], arguments[2])
        for (name, value) in zip(arguments.dropFirst(3), arguments.dropFirst(4)) {
            if name == "--count" { self.count = Int(value) ?? self.count }
            if name == "--from" { self.from = Int64(value) ?? self.from }
        }
    }

    /// One line of JSON, as every client prints it.
    func report(_ members: String) { print(#"{"client":"freshet","mode":"\#(self.mode)",\#(members)}"#) }
}
