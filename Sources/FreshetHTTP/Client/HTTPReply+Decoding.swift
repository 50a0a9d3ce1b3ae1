// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
import FoundationEssentials
import HTTPTypes

extension HTTPReply {
    /// The value of a JSON body that is there as a whole.
    ///
    /// - Parameter type: what to decode. An optional is nil where there is no body.
    /// - Returns: the value.
    /// - Throws: `.decoding`, naming the place and never the value.
    public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws(FreshetError) -> Value {
        guard let bytes = self.body.bytes else {
            throw FreshetError(.invalidInput, "the body is a stream", hint: "collect it first")
        }
        guard bytes.count > 0 else {
            if let nothing = (Value.self as? any ExpressibleByNilLiteral.Type)?.init(nilLiteral: ()) as? Value {
                return nothing
            }
            throw FreshetError(
                .decoding,
                "the server answered \(self.response.status.code) without a body, where \(Value.self) was expected",
                hint: "ask for an optional where there may be none"
            )
        }
        do {
            return unsafe try bytes.withBytes { unsafe try JSONDecoder().decode(Value.self, from: Data($0)) }
        } catch {
            let isPage = bytes[0] == UInt8(ascii: "<")
            throw FreshetError.decoding(
                error,
                of: Value.self,
                hint: isPage ? "the server sent a page: check the path, and that no login page is in between" : nil
            )
        }
    }
}
