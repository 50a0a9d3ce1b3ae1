// SPDX-License-Identifier: Apache-2.0

/// The line that does a run again: every word as a shell takes it, and no secret in it.
struct SoakLine {
    var local: String?
    var target: String?
    var query: String?
    var variables: [String] = []
    var cursor: String?
    var number: String?
    /// Whether the target wants a token, which whoever runs the line puts in.
    var hasToken = false
    var clients: Int
    var rate: Int
    var seed: UInt64
    /// Those that were given.
    var timing: [(option: String, time: Duration)] = []
    var requirements: [String] = []

    /// - Parameters:
    ///   - faults: which ones.
    ///   - duration: how long; nil: until the faults are over, one after another as they are given.
    /// - Returns: the line.
    func text(faults: String, duration: Duration?) -> String {
        var words: [String] = []
        if let local { words += ["--local", local] }
        if let target { words += ["--target", Self.masked(target), "--i-own-this", "-q", self.query ?? ""] }
        for variable in self.variables { words += ["--var-json", variable] }
        if let cursor { words += ["--cursor", cursor] }
        if let number { words += ["--number", number] }
        words += ["--clients", "\(self.clients)", "--rate", "\(self.rate)", "--seed", "\(self.seed)"]
        words += ["--faults", faults]
        words += duration.map { ["--for", Self.time($0)] } ?? ["--in-order"]
        for (option, time) in self.timing { words += [option, Self.time(time)] }
        for requirement in self.requirements { words += ["--require", requirement] }
        let token = self.hasToken ? " --token …" : ""
        return "freshet soak \(words.map { ShellWord.quoted($0) }.joined(separator: " "))\(token)"
    }

    /// `10s`, or `1500ms`.
    static func time(_ duration: Duration) -> String {
        let milliseconds = Format.milliseconds(duration)
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }

    /// A URL without the values of its query, which may be secrets.
    static func masked(_ url: String) -> String {
        guard let question = url.firstIndex(of: "?") else { return url }
        let items = url[url.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
        let names = items.map { item in item.firstIndex(of: "=").map { "\(item[..<$0])=…" } ?? String(item) }
        return "\(url[..<question])?\(names.joined(separator: "&"))"
    }
}
