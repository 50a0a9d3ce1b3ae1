// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport

/// A message that we send.
struct GraphQLMessage: Encodable {
    enum Payload: Encodable {
        case json(JSONValue)
        case request(GraphQLRequest)
        /// AppSync wants the request as a text within the JSON.
        case appSync(GraphQLRequest, authorization: JSONValue)

        private struct AppSync: Encodable {
            struct Extensions: Encodable {
                let authorization: JSONValue
            }

            let data: String
            let extensions: Extensions
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .json(let value): try value.encode(to: encoder)
            case .request(let request): try request.encode(to: encoder)
            case .appSync(let request, let authorization):
                let text = String(decoding: try GraphQLMessage.encoder.encode(request), as: UTF8.self)
                try AppSync(data: text, extensions: .init(authorization: authorization)).encode(to: encoder)
            }
        }
    }

    var id: String?
    var type: String
    var payload: Payload?

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    /// As it goes over the wire.
    var encoded: WebSocketMessage {
        // Only a number that JSON does not have can fail, and GraphQLClient refuses those.
        let data = (try? Self.encoder.encode(self)) ?? Data()
        return WebSocketMessage(.text, Bytes(copying: data))
    }
}
