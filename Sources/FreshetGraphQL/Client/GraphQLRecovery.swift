// SPDX-License-Identifier: Apache-2.0

public import Freshet
public import FreshetCore

/// How a subscription makes up for what it missed while there was no connection.
///
/// | | after a drop | promise |
/// |---|---|---|
/// | ``none`` | subscribes again, after a gap | best effort |
/// | ``cursor(variable:path:key:overlap:isNumbered:)`` | subscribes from the last result's cursor; no gap | as good as the server's cursor; checked, where results have numbers |
/// | ``refetch(_:variables:operationName:key:version:)`` | subscribes, holds back, asks the query, hands out its result as a snapshot and then what was held back | convergent |
/// | ``refetch(using:)`` | the same by a function of your own, such as a REST call; lives by that alone while there is no WebSocket | convergent |
/// | ``refetch(key:version:conditionally:)`` | the same by a function that knows validators and versions | convergent |
/// | ``custom(_:)`` | a function of your own says what was missed | what that function makes of it |
///
/// A snapshot is fetched at the beginning too. One that fails is fetched again with a backoff; what came meanwhile is held
/// back until then, so that nothing is ever handed out over a hole.
public struct GraphQLRecovery<Value: Sendable>: Sendable {
    /// What a recovery function found out.
    public enum Recovered: Sendable {
        /// Everything that was missed, in order: there is no gap.
        case changes([Value])
        /// The whole state now: the gap is told, then this.
        case snapshot(Value)
        /// Nothing: the gap is told.
        case nothing
    }

    typealias Fetch = @Sendable (_ validator: String?) async throws -> Snapshot<Value>

    enum Kind: Sendable {
        case none
        case cursor(variable: String, path: JSONPath, key: JSONPath?, overlap: Int, isNumbered: Bool)
        case query(GraphQLRequest, key: JSONPath?, version: JSONPath?)
        case function(Fetch, key: JSONPath?, version: JSONPath?)
        case custom(@Sendable (Gap?) async throws -> Recovered)
    }

    let kind: Kind

    /// Nothing is made up for: a gap says that something may be missing.
    public static var none: GraphQLRecovery { GraphQLRecovery(kind: .none) }

    /// Subscribes again from the cursor of the last result.
    ///
    /// Results that come twice are recognised by their key, and handed out once. A server that refuses the cursor, or goes on
    /// before it, is told as a gap of cause `historyLost`.
    ///
    /// With `isNumbered` the server is not taken at its word. From the feed's first result on, or from its position, each number
    /// is handed out once and in order, on one connection and from one to the next:
    ///
    /// - A result whose number is not above the last one's is dropped, with a note in the log.
    /// - One beyond the next number is not handed out either. The subscription is ended on the server, and made again on the
    ///   same connection from the last number, after ``ConnectionPolicy/subscriptionBackoff``; meanwhile the state is `degraded`.
    /// - If the server goes on beyond the next number then too, it does not have what is between: a gap of cause `historyLost`
    ///   with the exact `count`, then that result. A number that was told to be missing is not handed out any more.
    /// - A result without a whole number at `path` is handed out, and ends the feed with a `.decoding` error: nothing could be
    ///   promised any more.
    ///
    /// What the server leaves out at the very end is found out when something follows it. A server that begins to count anew is
    /// not heard before it has reached the last number, unless it refuses the cursor.
    ///
    /// - Parameters:
    ///   - variable: the document's variable for where to begin; without a cursor yet it is as in the call.
    ///   - path: where a result's cursor is below `data`, as in `ticks.n`.
    ///   - key: where its identity is; the cursor itself, if nil.
    ///   - overlap: how many results before the last one to begin with, for servers whose cursors do not follow the order in
    ///     which results become visible.
    ///   - isNumbered: whether the cursors are whole numbers that go up by one with each result of this subscription. Then they
    ///     are the results' identity and order: `key` and `overlap` are not used.
    /// - Returns: the recovery.
    public static func cursor(
        variable: String,
        path: JSONPath,
        key: JSONPath? = nil,
        overlap: Int = 0,
        isNumbered: Bool = false
    ) -> GraphQLRecovery {
        GraphQLRecovery(
            kind: .cursor(
                variable: variable,
                path: path,
                key: isNumbered ? nil : key,
                overlap: isNumbered ? 0 : max(overlap, 0),
                isNumbered: isNumbered
            )
        )
    }

    /// Asks a query over the same WebSocket for the whole state. Its one root field has the subscription's type.
    ///
    /// - Parameters:
    ///   - query: the document.
    ///   - variables: the document's variables.
    ///   - operationName: which operation of the document.
    ///   - key: where an object's identity is below `data`, in the query's result and in the subscription's.
    ///   - version: where its version is. With both, results that were held back and are no newer than the snapshot are not
    ///     handed out again.
    /// - Returns: the recovery.
    public static func refetch(
        _ query: String,
        variables: [String: JSONValue] = [:],
        operationName: String? = nil,
        key: JSONPath? = nil,
        version: JSONPath? = nil
    ) -> GraphQLRecovery {
        var request = GraphQLRequest(query: query, operationName: operationName, variables: variables)
        request.kind = .query
        return GraphQLRecovery(kind: .query(request, key: key, version: version))
    }

    /// Calls a function for the whole state, such as a REST call.
    ///
    /// While there is no WebSocket to be had the function is called again and again, as ``FallbackPolicy`` says: the feed gets a
    /// gap of cause `polling`, and then a snapshot whenever the state differs. When the WebSocket is there again, the
    /// subscription takes over without another gap. Values that are `Equatable` are compared; others count as different.
    ///
    /// - Parameter fetch: the function; its task is cancelled when the connection breaks meanwhile, and after 10 s. An error
    ///   that is no `FreshetError` ends the feed.
    /// - Returns: the recovery.
    public static func refetch(using fetch: @escaping @Sendable () async throws -> Value) -> GraphQLRecovery {
        GraphQLRecovery(kind: .function({ _ in .value(try await fetch()) }, key: nil, version: nil))
    }

    /// The same by a function that knows more: whether the state has changed at all, and how new it is.
    ///
    /// - Parameters:
    ///   - key: where an object's identity is below `data` in the subscription's results.
    ///   - version: where its version is. With both, results that are no newer than the snapshot's `versions` are not handed
    ///     out after it.
    ///   - fetch: the function; it gets the validator of the last snapshot that was handed out, or nil, and may answer
    ///     `.unchanged`. Otherwise as in ``refetch(using:)``.
    /// - Returns: the recovery.
    public static func refetch(
        key: JSONPath? = nil,
        version: JSONPath? = nil,
        conditionally fetch: @escaping @Sendable (_ validator: String?) async throws -> Snapshot<Value>
    ) -> GraphQLRecovery {
        GraphQLRecovery(kind: .function(fetch, key: key, version: version))
    }

    /// Calls a function that knows what to do about a gap.
    ///
    /// - Parameter recover: the function; it gets the gap, or nil at the beginning. Its task is cancelled as that of
    ///   ``refetch(using:)``.
    /// - Returns: the recovery.
    public static func custom(_ recover: @escaping @Sendable (Gap?) async throws -> Recovered) -> GraphQLRecovery {
        GraphQLRecovery(kind: .custom(recover))
    }

    /// What the engine does of it.
    var recovery: Recovery {
        switch self.kind {
        case .none: .none
        case .cursor(_, _, _, let overlap, let isNumbered): isNumbered ? .numbered : .position(overlap: overlap)
        case .query, .function: .snapshot
        case .custom: .custom
        }
    }

    /// Whether it can do without the WebSocket; a query can where queries go over HTTP.
    func isPollable(overHTTP: Bool) -> Bool {
        switch self.kind {
        case .function: true
        case .query: overHTTP
        case .none, .cursor, .custom: false
        }
    }

    /// The request with what recognises its elements.
    func marking(_ request: GraphQLRequest) -> GraphQLRequest {
        var request = request
        switch self.kind {
        case .cursor(let variable, let path, let key, _, _):
            request.cursorVariable = variable
            request.positionPath = path.below("data")
            request.keyPath = key?.below("data")
        case .query(_, let key?, let version?), .function(_, let key?, let version?):
            request.positionPath = version.below("data")
            request.keyPath = key.below("data")
        case .none, .query, .function, .custom:
            break
        }
        return request
    }
}
