// SPDX-License-Identifier: Apache-2.0

extension FreshetError {
    /// The error for a value of another shape: names the place and the expected type, never the value, which may be a secret.
    package static func decoding<Value>(
        _ error: any Error,
        of type: Value.Type,
        hint: String? = nil
    ) -> FreshetError {
        let context: DecodingError.Context
        let what: String
        switch error as? DecodingError {
        case .typeMismatch(let type, let found)?: (context, what) = (found, "is not \(type)")
        case .valueNotFound(let type, let found)?: (context, what) = (found, "is null, not \(type)")
        case .keyNotFound(let key, let found)?: (context, what) = (found, "has no field \(key.stringValue)")
        case .dataCorrupted(let found)?: (context, what) = (found, "is not readable")
        default: return FreshetError(.decoding, "a result cannot be decoded as \(type)", hint: hint)
        }
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return FreshetError(
            .decoding,
            "a result cannot be decoded as \(type): \(path.isEmpty ? "it" : path) \(what)",
            hint: hint
        )
    }
}
