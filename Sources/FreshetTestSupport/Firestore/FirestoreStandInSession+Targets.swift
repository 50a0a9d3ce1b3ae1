// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// What is watched, and what is said of it.
extension FirestoreStandInSession {
    /// Takes a message of the client's, and says what is not allowed in it.
    mutating func take(
        _ request: JSONValue,
        _ store: inout FirestoreStandInStore,
        _ faults: FirestoreStandInFaults
    ) -> String? {
        if case .integer(let number)? = request["removeTarget"] {
            self.targets[Int(number)] = nil
            self.sayTarget("REMOVE", Int(number))
            return nil
        }
        guard let target = request["addTarget"], case .integer(let id)? = target["targetId"], id > 0 else {
            return "neither a target to add nor one to remove"
        }
        let number = Int(id)
        guard self.numbers.insert(number).inserted else { return "the target \(number) was there before" }
        if let denied = faults.isDenied, denied(Self.path(of: target)) {
            self.say([
                "targetChange": [
                    "targetChangeType": "REMOVE", "targetIds": [.integer(id)],
                    "cause": ["code": 7, "message": "Missing or insufficient permissions."],
                ]
            ])
            return nil
        }
        self.targets[number] = Target(json: target)
        self.sayTarget("ADD", number)
        if case .string(let token)? = target["resumeToken"], let moment = Int(token) {
            self.resume(number, target, from: moment, store, faults)
        } else {
            self.sayAll(number, target, store)
        }
        self.sayTarget("CURRENT", number, at: store.now)
        self.sayMoment(&store)
        return nil
    }

    private static func path(of target: JSONValue) -> String {
        if case .array(let names)? = target["documents"]?["documents"], case .string(let name)? = names.first {
            return String(name.dropFirst(FirestoreStandInStore.root.count + 1))
        }
        guard case .array(let from)? = target["query"]?["structuredQuery"]?["from"],
            case .string(let collection)? = from.first?["collectionId"]
        else { return "" }
        return collection
    }

    private mutating func sayAll(_ number: Int, _ target: JSONValue, _ store: FirestoreStandInStore) {
        for document in store.documents(of: target) { self.sayDocument(document, number) }
    }

    private mutating func resume(
        _ number: Int,
        _ target: JSONValue,
        from moment: Int,
        _ store: FirestoreStandInStore,
        _ faults: FirestoreStandInFaults
    ) {
        let isTooOld = if case .reset = faults.resumption { true } else { moment < store.forgotten }
        if isTooOld {
            self.sayTarget("RESET", number)
            return self.sayAll(number, target, store)
        }
        let changed = store.history.filter { $0.moment > moment }
        for name in Set(changed.map(\.name)).sorted() {
            let now = store.documents[name]
            if FirestoreStandInStore.matches(now, target) {
                if let now { self.sayDocument(now, number) }
            } else if case .complete = faults.resumption {
                self.sayRemoval(name, isThere: now != nil, [number])
            }
        }
        if case .filter(let hasNames) = faults.resumption {
            let names = store.documents(of: target).map(\.name)
            var filter: [String: JSONValue] = [
                "targetId": .integer(Int64(number)), "count": .integer(Int64(names.count)),
            ]
            if hasNames, let bloom = faults.bloom { filter["unchangedNames"] = bloom(names) }
            self.say(["filter": .object(filter)])
        }
    }

    /// Tells one write to whom it concerns.
    mutating func changed(
        _ name: String,
        _ before: FirestoreStandInStore.Document?,
        _ after: FirestoreStandInStore.Document?,
        in store: inout FirestoreStandInStore,
        _ faults: FirestoreStandInFaults
    ) {
        for (number, target) in self.targets.sorted(by: { $0.key < $1.key }) {
            let (was, isNow) = (
                FirestoreStandInStore.matches(before, target.json), FirestoreStandInStore.matches(after, target.json)
            )
            guard was || isNow else { continue }
            if faults.resets {
                self.sayTarget("RESET", number)
                self.sayAll(number, target.json, store)
                self.sayTarget("CURRENT", number, at: store.now)
            } else if isNow, let after {
                self.sayDocument(after, number)
            } else {
                self.sayRemoval(name, isThere: after != nil, [number])
            }
        }
        self.sayMoment(&store)
    }

    private mutating func sayDocument(_ document: FirestoreStandInStore.Document, _ number: Int) {
        self.say("{\"documentChange\": {\"document\": \(document.text), \"targetIds\": [\(number)]}}")
    }

    private mutating func sayRemoval(_ name: String, isThere: Bool, _ numbers: [Int]) {
        let ids = JSONValue.array(numbers.map { .integer(Int64($0)) })
        self.say([isThere ? "documentRemove" : "documentDelete": ["document": .string(name), "removedTargetIds": ids]])
    }

    private mutating func sayTarget(_ kind: String, _ number: Int, at moment: Int? = nil) {
        var change: [String: JSONValue] = ["targetChangeType": .string(kind), "targetIds": [.integer(Int64(number))]]
        if let moment {
            change["resumeToken"] = .string(Self.token(moment))
            change["readTime"] = .string(FirestoreStandInStore.time(moment))
        }
        self.say(["targetChange": .object(change)])
    }

    private mutating func sayMoment(_ store: inout FirestoreStandInStore) {
        self.say([
            "targetChange": [
                "resumeToken": .string(Self.token(store.now)),
                "readTime": .string(FirestoreStandInStore.time(store.now)),
            ]
        ])
    }

    /// Bytes in base64, as tokens are: here digits in multiples of four.
    private static func token(_ moment: Int) -> String {
        String(repeating: "0", count: 12 - String(moment).count) + String(moment)
    }

    mutating func cut() {
        self.back?.continuation.finish(throwing: FreshetError(.interrupted, "the stand-in broke the answer off"))
        self.back = nil
    }
}
