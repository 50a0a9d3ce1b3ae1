// SPDX-License-Identifier: Apache-2.0

import Logging

/// The library's warnings as lines on stderr.
struct TerminalLogHandler: LogHandler {
    let terminal: Terminal
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning

    init(_ terminal: Terminal) { self.terminal = terminal }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        self.terminal.note(Format.printable("freshet: \(event.level): \(event.message)"))
    }
}
