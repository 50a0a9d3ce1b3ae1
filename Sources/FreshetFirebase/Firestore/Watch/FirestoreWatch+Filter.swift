// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// After a resumption the server says how many documents there are: those that left meanwhile are found out by that.
extension FirestoreWatch {
    mutating func compare(_ filter: FirestoreWatchMessage.Filter) -> [Output] {
        guard let target = self.targets[filter.target] else { return [] }
        let held = target.held
        guard held.count != filter.expected else { return [] }
        var why = "existence-filter-mismatch"
        if held.count > filter.expected {
            if case .document = target.request.content {
                self.remove(held, from: filter.target)
                return []
            }
            if let bloom = filter.unchangedNames.flatMap({ FirestoreBloomFilter($0) }) {
                // That a name is not in it is certain, so nobody need be asked what has become of the document.
                let gone = held.filter { !bloom.mayContain($0) }
                if held.count - gone.count == filter.expected {
                    self.remove(gone, from: filter.target)
                    return []
                }
                why = "existence-filter-mismatch-bloom"
            }
        }
        return self.askAgain(filter.target, target, why: why)
    }

    /// From the beginning, under another number. What was told stays until everything has come.
    private mutating func askAgain(_ number: Int, _ target: Target, why: String) -> [Output] {
        self.forget(number)
        target.request.memory.change { $0.token = nil }
        guard !target.isSecondAttempt else {
            let error = FreshetError(.interrupted, "what Firestore sends is not as much as it says")
            return [.interrupted(target.listener, error)]
        }
        let remove = FirestoreListen.remove(number, in: target.request.content.database).json
        return [.send(remove), .send(self.add(target.listener, target.request, why: why))]
    }
}

extension FirestoreWatch.Target {
    /// The names of the documents in it, with what has come and was not told.
    fileprivate var held: [String] {
        var names = Set(self.isReset ? [] : Array(self.request.memory.current.versions.keys))
        for (name, change) in self.changes {
            switch change {
            case .put: names.insert(name)
            case .remove: names.remove(name)
            }
        }
        return Array(names)
    }
}
