// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore
import FreshetHTTP

/// What Firestore says went wrong (google.rpc.Status): the code decides, and the words are for people.
struct FirestoreStatus: Equatable {
    let code: String
    let message: String

    init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    private struct Wrapper: Decodable {
        struct Status: Decodable { let status: String?, message: String? }
        let error: Status
    }

    /// Reads a body; answers that are arrays have their error in an array, too. Nil when there is none in it.
    init?(_ body: [UInt8]) {
        let data = Data(body)
        let wrapper = (try? JSONDecoder().decode(Wrapper.self, from: data))
        let first = wrapper ?? (try? JSONDecoder().decode([Wrapper].self, from: data))?.first
        guard let status = first?.error, let code = status.status else { return nil }
        self.code = code
        self.message = status.message ?? ""
    }

    /// What it means.
    func error(of call: HTTPCall, isWrite: Bool, refusal: HTTPRefusal? = nil) -> FreshetError {
        let name = (call.request.path ?? "").prefix { $0 != "?" }.split(separator: "/").last ?? ""
        let words = Self.line(self.message)
        let what = "Firestore answered \(name.prefix(100)) with \(self.code)\(words.isEmpty ? "" : ": \(words)")"
        let (kind, hint) = self.meaning(isWrite: isWrite, refusal: refusal)
        guard kind == .outcomeUnknown else { return FreshetError(kind, what, hint: hint, refusal: refusal) }
        return FreshetError(kind, "\(what); whether it was executed is unknown", hint: hint, refusal: refusal)
    }

    /// What it means where it is not the answer to a call.
    func error(what: String) -> FreshetError {
        let words = Self.line(self.message)
        let (kind, hint) = self.meaning(isWrite: false, refusal: nil)
        return FreshetError(
            kind,
            "Firestore ended \(what) with \(self.code)\(words.isEmpty ? "" : ": \(words)")",
            hint: hint
        )
    }

    private func meaning(isWrite: Bool, refusal: HTTPRefusal?) -> (FreshetError.Kind, String?) {
        let status = refusal?.status ?? 500
        switch self.code {
        case "UNAUTHENTICATED": return (.unauthorized, "check the token and whether it has expired")
        case "PERMISSION_DENIED": return (.forbidden, "the database's rules, or IAM, do not let this user")
        case "NOT_FOUND": return (.notFound, "check the path, the project and the database")
        case "ALREADY_EXISTS": return (.conflict(version: nil), "it is there already")
        case "ABORTED": return (.conflict(version: nil), "others write at the same time: try again")
        case "FAILED_PRECONDITION" where isWrite:
            return (.conflict(version: nil), "read it again, and apply the change to what is there now")
        // A query without its index: the words have a link that makes it.
        case "FAILED_PRECONDITION", "INVALID_ARGUMENT", "OUT_OF_RANGE": return (.rejected(status: 400), nil)
        case "RESOURCE_EXHAUSTED": return (.rateLimited(retryAfter: refusal?.retryAfter), "ask less often")
        // Time was up, or something broke on the way: it may have been done all the same.
        case _ where isWrite && Self.isUncertain(self.code):
            return (.outcomeUnknown, "look at the document before writing it again")
        default: return (status >= 500 ? .server(status: status) : .rejected(status: status), nil)
        }
    }

    private static func isUncertain(_ code: String) -> Bool {
        ["CANCELLED", "UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"].contains(code)
    }

    private static func line(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        let line = String(String.UnicodeScalarView(scalars)).split(separator: " ").joined(separator: " ")
        return line.count > 300 ? "\(line.prefix(300))…" : line
    }
}

extension FreshetError {
    /// The code of google.rpc.Status with which Firestore refused, as in `ABORTED`; nil where it was something else.
    public var firestoreCode: String? { self.refusal.flatMap { FirestoreStatus($0.body)?.code } }

    /// Without a status of Firestore's: something on the way has answered.
    func asFirestore(_ isWrite: Bool) -> FreshetError {
        guard isWrite, let status = self.refusal?.status, [500, 502, 503, 504].contains(status) else { return self }
        return FreshetError(
            .outcomeUnknown,
            "\(self.message); whether it was executed is unknown",
            hint: "look at the document before writing it again",
            refusal: self.refusal
        )
    }
}
