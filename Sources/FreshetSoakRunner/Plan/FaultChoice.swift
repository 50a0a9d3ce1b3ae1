// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FreshetSoak

/// Which faults a run has, as `--faults` says: `all`, `none`, ids, beginnings of ids (`tcp.*`), each perhaps with how long it
/// lasts (`tcp.blackhole@6s`).
package struct FaultChoice: Sendable, Hashable {
    /// One fault, and how long it is to last; nil: as it is usual for it.
    package struct One: Sendable, Hashable {
        package var id: String
        package var hold: Duration?

        package init(id: String, hold: Duration? = nil) {
            self.id = id
            self.hold = hold
        }

        /// As in `--faults`.
        package var text: String {
            guard let hold = self.hold else { return self.id }
            return "\(self.id)@\(Int(hold / .milliseconds(1)))ms"
        }
    }

    package var faults: [One]

    package init(_ faults: [One]) { self.faults = faults }

    /// Reads what `--faults` says.
    ///
    /// - Throws: `.invalidInput`, with what is near to it, when there is no such fault.
    package init(_ text: String) throws(FreshetError) {
        self.faults = []
        for part in text.split(separator: ",", omittingEmptySubsequences: true) {
            try self.add(part.trimmed)
        }
    }

    private mutating func add(_ text: String) throws(FreshetError) {
        switch text {
        case "all": self.faults += FaultCatalogue.injectable.map { One(id: $0.id) }
        case "none": break
        default:
            let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
            let hold = try parts.dropFirst().first.map { text throws(FreshetError) in try Self.duration(text) }
            let ids = try Self.ids(parts.first ?? "")
            self.faults += ids.map { One(id: $0, hold: hold) }
        }
    }

    private static func ids(_ name: String) throws(FreshetError) -> [String] {
        if name.hasSuffix("*") {
            let found = FaultCatalogue.injectable.map(\.id).filter { $0.hasPrefix(name.dropLast()) }
            if !found.isEmpty { return found }
        } else if let fault = FaultCatalogue.fault(name) {
            if let reason = fault.whyNot {
                throw FreshetError(.invalidInput, "\(name) cannot be injected here: \(reason)")
            }
            return [name]
        }
        let group = name.prefix { $0.isLetter }
        let near = FaultCatalogue.injectable.map(\.id).filter { $0.hasPrefix(group) }
        throw FreshetError(
            .invalidInput,
            "there is no fault \(name)",
            hint: near.isEmpty
                ? "freshet soak --list-faults shows all of them" : "there are \(near.joined(separator: ", "))"
        )
    }

    private static func duration(_ text: String) throws(FreshetError) -> Duration {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        let units: [Substring: Double] = ["ms": 0.001, "s": 1, "": 1, "m": 60]
        guard let number = Double(digits), let unit = units[text.dropFirst(digits.count)],
            (0...3600).contains(number * unit)
        else { throw FreshetError(.invalidInput, "\(text) is no time, as in 500ms or 6s") }
        return .seconds(number * unit)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
