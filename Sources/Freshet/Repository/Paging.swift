// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// How a server divides lists.
public struct Paging: Sendable {
    enum Kind: Sendable {
        case none
        case cursor(parameter: String, next: JSONPath)
        case page(parameter: String, first: Int)
        case offset(parameter: String)
        case link
    }

    let kind: Kind
    /// The name of the parameter that says how many a page is to have.
    let limit: String?
    /// Where the objects are in the answer; nil: the answer is the array.
    let items: JSONPath?

    /// The whole list is one answer.
    ///
    /// - Parameter items: where the objects are in the answer; nil: the answer is the array.
    /// - Returns: the rule.
    public static func none(items: JSONPath? = nil) -> Paging {
        Paging(kind: .none, limit: nil, items: items)
    }

    /// Each answer says where the next page begins: `{"items": […], "next": "…"}`. One without that is the last.
    ///
    /// - Parameters:
    ///   - parameter: the query's parameter for where to begin.
    ///   - limit: the parameter for how many.
    ///   - items: where the objects are in the answer.
    ///   - next: where the next page's beginning is.
    /// - Returns: the rule.
    public static func cursor(
        parameter: String = "cursor",
        limit: String? = "limit",
        items: JSONPath? = "items",
        next: JSONPath = "next"
    ) -> Paging {
        Paging(kind: .cursor(parameter: parameter, next: next), limit: limit, items: items)
    }

    /// Pages have numbers. An empty one is behind the last.
    ///
    /// - Parameters:
    ///   - parameter: the query's parameter for the number.
    ///   - first: the first page's number.
    ///   - limit: the parameter for how many.
    ///   - items: where the objects are in the answer; nil: the answer is the array.
    /// - Returns: the rule.
    public static func page(
        parameter: String = "page",
        first: Int = 1,
        limit: String? = "per_page",
        items: JSONPath? = nil
    ) -> Paging {
        Paging(kind: .page(parameter: parameter, first: first), limit: limit, items: items)
    }

    /// A page begins after so many objects. An empty one is behind the last.
    ///
    /// - Parameters:
    ///   - parameter: the query's parameter for how many objects to skip.
    ///   - limit: the parameter for how many.
    ///   - items: where the objects are in the answer; nil: the answer is the array.
    /// - Returns: the rule.
    public static func offset(
        parameter: String = "offset",
        limit: String? = "limit",
        items: JSONPath? = nil
    ) -> Paging {
        Paging(kind: .offset(parameter: parameter), limit: limit, items: items)
    }

    /// Each answer names the next page in a header field: `Link: <…>; rel="next"` (RFC 8288).
    ///
    /// - Parameters:
    ///   - limit: the query's parameter for how many.
    ///   - items: where the objects are in the answer; nil: the answer is the array.
    /// - Returns: the rule.
    public static func link(limit: String? = "per_page", items: JSONPath? = nil) -> Paging {
        Paging(kind: .link, limit: limit, items: items)
    }
}
