// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetFirebase
import FreshetHTTP

extension DocumentURL {
    /// Whether a watch can go on from where another one was.
    var hasPositions: Bool { ![.firestore, .rtdb, .rtdbs].contains(self.kind) }

    /// A place of a Realtime Database is a document, and its children are documents as well: a watch, and a path that ends with a
    /// slash, mean those.
    func realtimeDatabase(_ settings: DocumentSettings) throws(FreshetError) -> DocumentTarget {
        guard self.user == nil else {
            throw FreshetError(.invalidInput, "a Realtime Database takes no user in its URL", hint: "use --token")
        }
        var configuration = RealtimeDatabaseConfiguration(webSocket: settings.webSocket, policy: settings.policy)
        if let token = settings.token { configuration.credentials = { _ in .bearer(token) } }
        var namespace = ""
        var items: [(name: String, value: String)] = []
        for item in self.query.split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count > 1 ? PercentEncoding.decoded(String(pair[1])) : ""
            if pair[0] == "ns" {
                namespace = "?ns=\(pair[1...].first ?? "")"
            } else {
                items.append((String(pair[0]), value))
            }
        }
        let database = RealtimeDatabase(
            url: self.server + namespace,
            configuration: configuration,
            logger: settings.logger
        )
        let place = try Self.place(database.reference(self.path), items)
        let isOne = !self.path.isEmpty && !self.path.hasSuffix("/") && items.isEmpty
        return DocumentTarget(
            source: self.source,
            documents: place.children(coding: .bytes),
            // Its own place, seen from there.
            key: isOne ? "" : nil,
            states: { database.connectionStates },
            hint: { database.hint($0) },
            end: { await database.close() }
        )
    }

    /// A parameter that is not understood. Its value stays unsaid: it may be a secret.
    static func unknown(_ name: String, hint: String) -> FreshetError {
        let isSecret = ["auth", "access_token", "token", "key"].contains(name.lowercased())
        return FreshetError(
            .invalidInput,
            "the URL asks for \(name), which is not understood",
            hint: isSecret ? "credentials do not belong into a URL: use --token" : hint
        )
    }

    /// The same names as of REST; values are JSON, or texts without quotes.
    private static func place(
        _ place: RealtimeReference,
        _ items: [(name: String, value: String)]
    ) throws(FreshetError) -> RealtimeReference {
        var place = place
        for (name, text) in items {
            let value = (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .string(text)
            switch (name, value) {
            case ("orderBy", "$key"): place = place.ordered(by: .key)
            case ("orderBy", "$value"): place = place.ordered(by: .value)
            case ("orderBy", "$priority"): place = place.ordered(by: .priority)
            case ("orderBy", .string(let path)): place = place.ordered(by: .child(path))
            case ("startAt", _): place = place.starting(at: value)
            case ("startAfter", _): place = place.starting(after: value)
            case ("endAt", _): place = place.ending(at: value)
            case ("endBefore", _): place = place.ending(before: value)
            case ("equalTo", _): place = place.equal(to: value)
            case ("limitToFirst", .integer(let count)): place = place.limited(toFirst: Int(clamping: count))
            case ("limitToLast", .integer(let count)): place = place.limited(toLast: Int(clamping: count))
            default:
                throw Self.unknown(
                    name,
                    hint: "ns, orderBy, startAt, startAfter, endAt, endBefore, equalTo, limitToFirst, limitToLast"
                )
            }
        }
        return place
    }
}
