// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What the API server says went wrong: a `Status` object, as the body of an answer or in an ERROR event of a watch.
struct KubernetesStatus: Equatable {
    var code = 0
    var reason = ""
    var message = ""
    var retryAfter: Duration?
    var causes: [FieldError] = []

    /// What a client asked for is older than what the server keeps.
    var isGone: Bool { self.code == 410 || self.reason == "Expired" || self.reason == "Gone" }

    /// For people.
    var words: String {
        let text = self.message.isEmpty ? self.reason : self.message
        return text.isEmpty ? "no reason given (code \(self.code))" : text.count > 200 ? "\(text.prefix(200))…" : text
    }

    /// Reads a body; nil when it is no `Status`.
    init?(_ body: [UInt8]) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(body)),
            case .object(let members) = value,
            members["kind"] == "Status"
        else { return nil }
        self.init(members)
    }

    /// Reads an ERROR event; one without a `Status` says nothing.
    init(event: Bytes) {
        let object = KubernetesEvent.object(of: event)?.array ?? []
        guard case .object(let members)? = try? JSONDecoder().decode(JSONValue.self, from: Data(object)) else {
            self.init([:])
            return
        }
        self.init(members)
    }

    private init(_ members: [String: JSONValue]) {
        if case .integer(let code)? = members["code"] { self.code = Int(truncatingIfNeeded: code) }
        self.reason = members["reason"]?.text ?? ""
        self.message = members["message"]?.text ?? ""
        guard case .object(let details)? = members["details"] else { return }
        if case .integer(let seconds)? = details["retryAfterSeconds"], (1...86_400).contains(seconds) {
            self.retryAfter = .seconds(seconds)
        }
        guard case .array(let causes)? = details["causes"] else { return }
        self.causes = causes.compactMap { cause in
            guard case .object(let members) = cause, let message = members["message"]?.text else { return nil }
            let path = (members["field"]?.text ?? "").split { $0 == "." || $0 == "[" || $0 == "]" }.map { String($0) }
            return FieldError(path: path, code: members["reason"]?.text, message: message)
        }
    }
}

extension JSONValue {
    /// The text that it is.
    var text: String? { if case .string(let text) = self { text } else { nil } }
}

extension FreshetError {
    /// The same, as the API server's `Status` in it says.
    ///
    /// - Parameter isWrite: whether something may have been changed.
    /// - Returns: the error.
    func asKubernetes(isWrite: Bool) -> FreshetError {
        guard let refusal = self.refusal else { return self }
        let status = KubernetesStatus(refusal.body)
        switch refusal.status {
        case 422 where status?.causes.isEmpty == false:
            return FreshetError(.validation(status?.causes ?? []), self.message, hint: self.hint, refusal: refusal)
        case 409 where status?.reason == "AlreadyExists":
            return FreshetError(self.kind, self.message, hint: "it is there already", refusal: refusal)
        // An answer in time was not to be had, from the server or from its etcd: it may have been done all the same.
        case 500 where isWrite, 502 where isWrite, 504 where isWrite:
            return FreshetError(
                .outcomeUnknown,
                "\(self.message); whether it was executed is unknown",
                hint: "look at the object before sending it again",
                refusal: refusal
            )
        default:
            return self
        }
    }
}
