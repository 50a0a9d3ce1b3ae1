// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

extension RealtimeNode {
    /// As a value; nil when there is nothing.
    ///
    /// Children that are numbered may be an array or an object of them: whichever can be decoded.
    func decoded<Value: Decodable>(as type: Value.Type, at place: String) throws(FreshetError) -> Value? {
        guard !self.isEmpty else { return nil }
        let json = self.json
        if let value = json as? Value { return value }
        do {
            return try JSONDecoder().decode(Value.self, from: Data(RealtimeJSON.bytes(json)))
        } catch {
            let objects = Data(RealtimeJSON.bytes(self.jsonOfObjects))
            if let value = try? JSONDecoder().decode(Value.self, from: objects) { return value }
            let error = FreshetError.decoding(error, of: Value.self)
            throw FreshetError(error.kind, "the value at /\(place): \(error.message)", hint: error.hint)
        }
    }

    /// What a value is on the wire, checked.
    static func encoded(_ value: some Encodable) throws(FreshetError) -> JSONValue {
        let json: JSONValue?
        if let value = value as? JSONValue {
            json = value
        } else {
            let data = try? JSONEncoder().encode(value)
            json = data.flatMap { RealtimeJSON.value(Bytes(copying: $0)) }
        }
        guard let json else { throw FreshetError(.invalidInput, "a \(type(of: value)) cannot be written as JSON") }
        try RealtimeValue.check(json)
        return json
    }
}
