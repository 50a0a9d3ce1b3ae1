// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FoundationEssentials

/// One entry of a response's `errors` (GraphQL specification, 7.1.2).
public struct GraphQLError: Sendable, Hashable, Codable {
    /// A place in the document.
    public struct Location: Sendable, Hashable, Codable {
        /// From 1.
        public var line: Int
        /// From 1.
        public var column: Int
    }

    /// What went wrong, in the server's words.
    public var message: String
    /// Where in the document.
    public var locations: [Location]?
    /// Which field of the response: names and indexes.
    public var path: [JSONValue]?
    /// Whatever else the server says.
    public var extensions: [String: JSONValue]?

    /// Reads an error; of one that is not as the specification wants it, whatever can be read.
    ///
    /// - Parameter decoder: where to read from.
    public init(from decoder: any Decoder) {
        let members = try? decoder.container(keyedBy: CodingKeys.self)
        self.message = (try? members?.decode(String.self, forKey: .message)) ?? "an error without a message"
        self.locations = try? members?.decode([Location].self, forKey: .locations)
        self.path = try? members?.decode([JSONValue].self, forKey: .path)
        self.extensions = try? members?.decode([String: JSONValue].self, forKey: .extensions)
    }

    /// The errors in the payload of an `error` message; some servers send one object instead of an array.
    static func list(from payload: [UInt8]) -> [GraphQLError] {
        let decoder = JSONDecoder()
        let data = Data(payload)
        if let list = try? decoder.decode([GraphQLError].self, from: data) { return list }
        if let wrapped = try? decoder.decode(Wrapped.self, from: data) { return wrapped.errors }
        return (try? decoder.decode(GraphQLError.self, from: data)).map { [$0] } ?? []
    }

    /// As some servers send it: `{"errors": […]}`.
    private struct Wrapped: Decodable {
        let errors: [GraphQLError]
    }
}

extension FreshetError {
    /// What the server said, where it refused an operation; otherwise nil.
    public var graphQLErrors: [GraphQLError]? {
        guard case .operationFailed(let payload) = self.kind else { return nil }
        return GraphQLError.list(from: payload)
    }
}
