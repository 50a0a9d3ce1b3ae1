// SPDX-License-Identifier: Apache-2.0

import FreshetCore

/// Where in a result the server says that something went wrong, as a tree: what is null there is no value.
struct GraphQLErrorPaths {
    /// A place on the way to an error; nil beside all of them.
    typealias Place = Int

    private enum Step: Hashable {
        case key(String)
        case index(Int64)
    }

    private var steps: [[Step: Place]] = []
    private var ends: Set<Place> = []
    /// An error does not say where: any null may be its doing.
    private var isSomewhere = false

    /// Nothing went wrong.
    init() {}

    init(_ errors: [GraphQLError]) {
        guard !errors.isEmpty else { return }
        self.steps = [[:]]
        for error in errors {
            guard let path = error.path, !path.isEmpty else {
                self.isSomewhere = true
                continue
            }
            var place = 0
            for step in path { place = self.add(step, to: place) }
            self.ends.insert(place)
        }
    }

    private mutating func add(_ value: JSONValue, to place: Place) -> Place {
        let step: Step
        switch value {
        case .string(let key): step = .key(key)
        case .integer(let index): step = .index(index)
        default: return place
        }
        if let next = self.steps[place][step] { return next }
        self.steps.append([:])
        self.steps[place][step] = self.steps.count - 1
        return self.steps.count - 1
    }

    /// The place of the result's root.
    var root: Place? { self.steps.isEmpty ? nil : 0 }

    func below(_ place: Place?, key: Range<Int>, of bytes: [UInt8]) -> Place? {
        guard let place else { return nil }
        return self.steps[place][.key(String(decoding: bytes[key], as: UTF8.self))]
    }

    func below(_ place: Place?, index: Int) -> Place? {
        guard let place else { return nil }
        return self.steps[place][.index(Int64(index))]
    }

    /// Whether what is there counts. An error makes null of its field, or of the next one above that may be null (6.4.4).
    func isValue(at place: Place?, isNull: Bool) -> Bool {
        if isNull, self.isSomewhere { return false }
        guard let place else { return true }
        return !isNull && !self.ends.contains(place)
    }
}
