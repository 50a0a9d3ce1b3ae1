// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetGraphQL

/// What one subscription of the embedded server produces, and when.
struct EmbeddedPlan {
    enum Pace {
        /// As fast as the client takes them.
        case asTaken
        case timed(Duration)
        /// As the server's log goes on.
        case log(after: Int?, every: Int)
    }

    private let field: GraphQLDocument.Field
    private let fields: [GraphQLDocument.Field]
    /// nil: for ever.
    let last: Int?
    let pace: Pace
    /// What the subscription is called, if it wants to be called something.
    let name: String?
    private let pad: String
    /// The payload but for what each element is asked: computed once.
    private let prefix: String

    init(
        field: GraphQLDocument.Field,
        fields: [GraphQLDocument.Field],
        last: Int?,
        pace: Pace,
        pad: String = "",
        name: String? = nil
    ) {
        self.field = field
        self.fields = fields
        self.last = last
        self.pace = pace
        self.pad = pad
        self.name = name
        self.prefix = #"{"data":{"\#(field.responseKey)":"#
    }

    /// The first number.
    func first(of log: EmbeddedLog) -> Int {
        guard case .log(let after, let every) = self.pace else { return 1 }
        return (max(after ?? log.last(), 0) / every + 1) * every
    }

    /// The number after `n`.
    func next(after n: Int) -> Int {
        if case .log(_, let every) = self.pace { n + every } else { n + 1 }
    }

    /// Whether `n` can be sent when `newest` is the log's last element; nothing but the log is ever waited for.
    func isThere(_ n: Int, newest: Int) -> Bool {
        if case .log = self.pace { n <= newest } else { true }
    }

    /// The payload of value `n`.
    func payload(_ n: Int, at now: @autoclosure () -> Date) -> String {
        guard !self.fields.isEmpty else { return "\(self.prefix)\(n)}}" }
        var text = self.prefix
        var separator = "{"
        for field in self.fields {
            text += separator
            separator = ","
            text += "\"\(field.responseKey)\":"
            switch field.name {
            case "n": text += String(n)
            case "key": text += String(EmbeddedLog.key(of: n))
            case "k": text += String(EmbeddedLog.place(of: n))
            case "at": text += "\"\(now().formatted(Self.timeStyle))\""
            case "pad": text += "\"\(self.pad)\""
            default: text += self.field.name == "events" ? "\"Event\"" : "\"Tick\""
            }
        }
        return text + "}}}"
    }

    private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
}
