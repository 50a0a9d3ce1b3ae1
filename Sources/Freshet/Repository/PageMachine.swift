// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
package import HTTPTypes

/// Which page of a list comes next.
package struct PageMachine: Sendable {
    /// Where a page is: the list's path with these parameters beside its own, or a URL.
    package enum Step: Sendable {
        case query([(name: String, value: String)])
        case url(String)
    }

    private let paging: Paging
    private let size: [(name: String, value: String)]
    private var step: Step?
    private var pages = 0
    private var items = 0
    private var last: String?

    package init(_ paging: Paging, pageSize: Int?) {
        self.paging = paging
        self.size = if let limit = paging.limit, let pageSize { [(limit, "\(pageSize)")] } else { [] }
        self.step =
            if case .page(let parameter, let first) = paging.kind {
                .query(self.size + [(parameter, "\(first)")])
            } else {
                .query(self.size)
            }
    }

    /// The step to the next page; nil behind the last.
    package mutating func next() -> Step? { self.step.take() }

    /// A page has come, with so many objects.
    package mutating func received(_ body: Bytes, _ headers: HTTPFields, count: Int) throws(FreshetError) {
        self.pages += 1
        self.items += count
        switch self.paging.kind {
        case .none: break
        case .cursor(let parameter, let path):
            guard let cursor = path.find(in: body).flatMap({ JSONValue(scalar: $0) })?.parameter else { return }
            try self.goOn(at: cursor)
            self.step = .query(self.size + [(parameter, cursor)])
        case .page(let parameter, let first):
            if count > 0 { self.step = .query(self.size + [(parameter, "\(first + self.pages)")]) }
        case .offset(let parameter):
            if count > 0 { self.step = .query(self.size + [(parameter, "\(self.items)")]) }
        case .link:
            guard let url = headers[values: Self.link].lazy.compactMap(Self.next).first else { return }
            try self.goOn(at: url)
            self.step = .url(url)
        }
    }

    /// A server that names the same page again would be asked for ever.
    private mutating func goOn(at place: String) throws(FreshetError) {
        guard place != self.last else {
            throw FreshetError(.protocolViolation, "the server's list has a page that says it is its own next one")
        }
        self.last = place
    }

    private static let link = HTTPField.Name("Link") ?? .location

    /// The target of `rel="next"` in `<…>; rel="next", <…>; rel="last"`.
    private static func next(in value: String) -> String? {
        for part in value.split(separator: "<").dropFirst(value.hasPrefix("<") ? 0 : 1) {
            let pieces = part.split(separator: ">", maxSplits: 1)
            guard pieces.count == 2 else { continue }
            let parameters = pieces[1].lowercased().split { $0 == ";" || $0 == "," || $0 == " " }
            if parameters.contains(where: { $0 == "rel=\"next\"" || $0 == "rel=next" }) { return String(pieces[0]) }
        }
        return nil
    }
}

extension JSONValue {
    /// What a query's parameter says; nil where there is nothing to say.
    fileprivate var parameter: String? {
        switch self {
        case .string(let text): text.isEmpty || text == "false" ? nil : text
        case .integer(let number): "\(number)"
        default: nil
        }
    }
}
