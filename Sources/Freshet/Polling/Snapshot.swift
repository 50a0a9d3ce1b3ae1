// SPDX-License-Identifier: Apache-2.0

public import FreshetCore

/// What a snapshot function found.
public enum Snapshot<Value: Sendable>: Sendable {
    /// The whole state.
    ///
    /// `validator` is by what the server can be asked next time whether it still holds, as the `ETag` of an answer is
    /// (RFC 9110 8.8.3). `versions` says how new the objects in it are, by key: changes of a subscription that are no newer
    /// are not handed out after it.
    case value(Value, validator: String? = nil, versions: [JSONValue: Position] = [:])
    /// What the validator stood for still holds, as 304 says.
    case unchanged
}

extension Snapshot: Equatable where Value: Equatable {}

extension Snapshot {
    /// For the machines.
    ///
    /// - Parameter item: what is handed out.
    /// - Returns: the same.
    package func fetched(_ item: (Value) -> FeedItem = { .value($0, isSnapshot: true) }) -> Fetched {
        switch self {
        case .value(let value, let validator, let versions):
            Fetched(.snapshot, items: [item(value)], versions: versions, validator: validator)
        case .unchanged:
            Fetched(.unchanged)
        }
    }
}

extension FreshetError {
    /// What a function of the user's throws, as the one kind of error. Its own words may contain a secret.
    package static func calling<Result: Sendable>(
        _ name: String,
        _ body: @Sendable () async throws -> Result
    ) async throws(FreshetError) -> Result {
        do {
            return try await body()
        } catch let error as FreshetError {
            throw error
        } catch {
            throw FreshetError(
                .operationFailed(payload: []),
                "the \(name) function failed with \(type(of: error))",
                hint: "let it throw a FreshetError to say more, and .unreachable to be called again"
            )
        }
    }
}
