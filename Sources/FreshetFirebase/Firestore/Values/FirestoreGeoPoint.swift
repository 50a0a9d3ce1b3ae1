// SPDX-License-Identifier: Apache-2.0

/// A point on the earth.
public struct FirestoreGeoPoint: Sendable, Hashable, Codable {
    /// In degrees, -90 to 90.
    public let latitude: Double
    /// In degrees, -180 to 180.
    public let longitude: Double

    /// Makes a point; nil for what is not on the earth.
    ///
    /// - Parameters:
    ///   - latitude: in degrees, -90 to 90.
    ///   - longitude: in degrees, -180 to 180.
    public init?(latitude: Double, longitude: Double) {
        guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return nil }
        self.latitude = latitude
        self.longitude = longitude
    }

    private enum CodingKeys: String, CodingKey { case latitude, longitude }

    /// Reads it from a document; from any other format as an object. What is zero may be left out, as Firestore does.
    ///
    /// - Parameter decoder: where to read from.
    /// - Throws: `DecodingError` for what is none.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let latitude = try container.decodeIfPresent(Double.self, forKey: .latitude) ?? 0
        let longitude = try container.decodeIfPresent(Double.self, forKey: .longitude) ?? 0
        guard let point = FirestoreGeoPoint(latitude: latitude, longitude: longitude) else {
            let context = DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "not on the earth")
            throw DecodingError.dataCorrupted(context)
        }
        self = point
    }
}
