// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore

/// What a server says about what went wrong (RFC 9457).
public struct ProblemDetails: Sendable, Hashable {
    /// A URI that names the kind of problem.
    public var type: String?
    /// The kind of problem, for people.
    public var title: String?
    /// What went wrong this time, for people.
    public var detail: String?
    /// A URI that names this occurrence.
    public var instance: String?
    /// All members, those above too.
    public var members: [String: JSONValue]

    /// Reads a JSON object; servers that do not follow the RFC say `message` or `error` instead.
    init?(_ value: JSONValue) {
        guard case .object(let members) = value else { return nil }
        func text(_ names: String...) -> String? {
            for name in names {
                if case .string(let text)? = members[name] { return text }
                if case .object(let inner)? = members[name], case .string(let text)? = inner["message"] { return text }
            }
            return nil
        }
        self.type = text("type")
        self.title = text("title", "error")
        self.detail = text("detail", "message", "error_description")
        self.instance = text("instance")
        self.members = members
    }

    /// What it says in one line.
    var summary: String? {
        switch (self.title, self.detail) {
        case (let title?, let detail?): title == detail ? title : "\(title): \(detail)"
        case (let title, let detail): title ?? detail
        }
    }
}

extension FreshetError {
    /// What the server said in the body of its refusal, where that was JSON.
    public var problem: ProblemDetails? {
        guard let body = self.refusal?.body, let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body))
        else { return nil }
        return ProblemDetails(value)
    }
}
