// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetGraphQL
import Testing

struct GraphQLResponseTests {
    private struct Tick: Decodable, Sendable, Equatable {
        let symbol: String
        let price: Double
    }

    private func response<Value>(_ json: String, as type: Value.Type) throws -> GraphQLResponse<Value> {
        try GraphQLResponse(GraphQLPayload(Bytes(copying: json.utf8)))
    }

    @Test("The value of the one root field is decoded")
    func rootField() throws {
        let json = #"{"data":{"tick":{"symbol":"ACME","price":1.5}}}"#
        #expect(try self.response(json, as: Tick.self).value == Tick(symbol: "ACME", price: 1.5))
        #expect(try self.response(#"{"data":{"count":5}}"#, as: Int.self).value == 5)
    }

    @Test(
        "Data may be null or absent beside errors",
        arguments: [#"{"data":null,"errors":[{"message":"no"}]}"#, #"{"errors":[{"message":"no"}]}"#]
    )
    func errors(_ json: String) throws {
        let response = try self.response(json, as: Tick.self)
        #expect(response.value == nil)
        #expect(response.errors.map(\.message) == ["no"])
        let failure = #expect(throws: FreshetError.self) {
            try response.valueOrFailure(GraphQLPayload(Bytes(copying: json.utf8)))
        }
        #expect(failure?.graphQLErrors?.map(\.message) == ["no"])
    }

    @Test("An optional value may be null without an error")
    func optional() throws {
        let json = #"{"data":{"tick":null}}"#
        let response = try self.response(json, as: Tick?.self)
        #expect(try response.valueOrFailure(GraphQLPayload(Bytes(copying: json.utf8))) == nil)
    }

    @Test("A value of another shape is told with its path, and without the value")
    func decoding() throws {
        let failure = #expect(throws: FreshetError.self) {
            try self.response(#"{"data":{"tick":{"symbol":"secret","price":"text"}}}"#, as: Tick.self)
        }
        #expect(failure?.kind == .decoding)
        #expect(failure?.message == "a result cannot be decoded as Tick: .price is not Double")
    }

    @Test(
        "Empty errors are no errors",
        arguments: [#"{"data":{"n":1},"errors":[]}"#, #"{"data":{"n":1},"errors": null }"#]
    )
    func emptyErrors(_ json: String) throws {
        let payload = try GraphQLPayload(Bytes(copying: json.utf8))
        #expect(payload.errors == nil)
        #expect(try GraphQLResponse<Int>(payload).valueOrFailure(payload) == 1)
    }

    @Test("An error that is not as the specification wants it is still an error")
    func oddErrors() throws {
        let json = #"{"data":{"n":1},"errors":[{"message":"a","path":"not a list"},{"code":7},"text"]}"#
        let response = try self.response(json, as: Int.self)
        #expect(response.value == 1)
        #expect(response.errors.map(\.message) == ["a", "an error without a message", "an error without a message"])
    }

    @Test("Where a value has holes because of an error, the error is told, not the hole")
    func errorBeforeDecoding() throws {
        let json = #"{"data":{"tick":{"symbol":"A","price":null}},"errors":[{"message":"no price"}]}"#
        let response = try self.response(json, as: Tick.self)
        #expect(response.value == nil)
        #expect(response.errors.map(\.message) == ["no price"])
    }
}
