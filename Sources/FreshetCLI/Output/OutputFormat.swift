// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How `watch` prints what comes.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    /// `log`; a table follows in a later version.
    case auto
    /// One line for each change, with the time.
    case log
    /// One self-describing JSON object a line: data, gaps, the end.
    case jsonl
    /// The data, indented.
    case json
    /// The server's payloads as they came, one a line; gaps are told on stderr only.
    case raw
}
