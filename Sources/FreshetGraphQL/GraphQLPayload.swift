// SPDX-License-Identifier: Apache-2.0

package import FreshetCore
import FoundationEssentials

/// The payload of a `next`, with its parts found and none of them decoded.
package struct GraphQLPayload: Sendable {
    /// All of it, as it came.
    package let json: Bytes
    /// The value of `data`; nil when it is absent, as some servers send it after an error.
    package private(set) var data: Bytes?
    /// The value of `errors`, unless it is absent, null or empty.
    package private(set) var errors: Bytes?

    package init(_ json: Bytes) throws(FreshetError) {
        self.json = json
        do throws(JSONScanner.Failure) {
            try json.withBytes { bytes throws(JSONScanner.Failure) in
                var scanner = try JSONScanner(bytes)
                while let member = try scanner.next() {
                    let key = UnsafeRawBufferPointer(rebasing: bytes[member.key])
                    if key.elementsEqual("data".utf8) {
                        self.data = json[member.value]
                    } else if key.elementsEqual("errors".utf8) {
                        self.errors = Self.nonEmpty(json[member.value])
                    }
                }
            }
        } catch {
            throw FreshetError(.decoding, "the server sent a payload that is not a JSON object")
        }
    }

    private static func nonEmpty(_ errors: Bytes) -> Bytes? {
        let text = errors.array.filter { $0 > 0x20 }
        return text == Array("null".utf8) || text == Array("[]".utf8) ? nil : errors
    }

    /// The value of the one root field that a subscription has (GraphQL specification, 5.2.3.1); nil where `data` is.
    package func rootField() throws(FreshetError) -> Bytes? {
        guard let data = self.data, !data.elementsEqual("null") else { return nil }
        do throws(JSONScanner.Failure) {
            return try data.withBytes { bytes throws(JSONScanner.Failure) in
                var scanner = try JSONScanner(bytes)
                while let member = try scanner.next() {
                    let key = UnsafeRawBufferPointer(rebasing: bytes[member.key])
                    // The cache asks for the type's name too.
                    if !key.elementsEqual("__typename".utf8) { return data[member.value] }
                }
                return nil
            }
        } catch {
            throw FreshetError(.decoding, "the server sent data that is not a JSON object")
        }
    }
}
