// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore

/// What INFO says.
struct NATSServerInfo: Decodable {
    var server_id: String?
    var client_id: UInt64?
    var max_payload: Int?
    var headers: Bool?
    var ldm: Bool?
}

/// What JetStream says of a stream.
struct NATSStreamInfo: Decodable {
    struct Configuration: Decodable {
        struct Mirror: Decodable {}
        var mirror: Mirror?
        var allow_direct: Bool?
        /// Nothing, 0 and -1: as many as there are.
        var max_msgs_per_subject: Int64?
        var retention: String?

        /// Whether messages stay when all consumers have had them.
        var keepsWhatWasRead: Bool { (self.retention ?? "limits") == "limits" }
    }

    struct State: Decodable {
        var messages: UInt64
        var first_seq: UInt64
        var last_seq: UInt64
    }

    var config: Configuration
    var created: String
    var state: State
}

/// What JetStream says of a consumer that it has made.
struct NATSConsumerInfo: Decodable {
    struct Delivered: Decodable {
        var consumer_seq: UInt64
        var stream_seq: UInt64
    }

    var delivered: Delivered
    var num_pending: UInt64?
}

/// What a stream says when it has stored a message.
struct NATSPublishReply: Decodable {
    var seq: UInt64
    var duplicate: Bool?
}

/// What JetStream says instead of an answer.
struct NATSAPIError: Decodable {
    struct Body: Decodable {
        var code: Int
        var err_code: Int?
        var description: String?
    }

    var error: Body
}

extension NATSFrame {
    /// The answer of JetStream's API that this is.
    func reply<Reply: Decodable>(_ type: Reply.Type, to subject: String) throws(FreshetError) -> Reply {
        try self.checkStatus(of: subject)
        if let error = try? self.decoded(NATSAPIError.self) { throw Self.error(error.error, self.value, subject) }
        do {
            return try self.decoded(type)
        } catch {
            throw FreshetError.decoding(error, of: type)
        }
    }

    private func decoded<Reply: Decodable>(_ type: Reply.Type) throws -> Reply {
        try self.value.withBytes { try JSONDecoder().decode(type, from: Data($0)) }
    }

    /// Throws what the status of the headers says, if there is one.
    func checkStatus(of subject: String) throws(FreshetError) {
        guard self.isStatus, let headers = self.headers, let status = headers.status else { return }
        switch status {
        case 503: throw Self.nobody(subject)
        case 404: throw FreshetError(.notFound, "the server has no such message")
        case 100..<300: return
        default: throw FreshetError(.rejected(status: status), "the server answered \(status) \(headers.description)")
        }
    }

    var isNobody: Bool { self.isStatus && self.headers?.status == 503 }

    static func nobody(_ subject: String) -> FreshetError {
        FreshetError(
            .server(status: 503),
            "nobody answers to \(subject)",
            hint: "check that JetStream is enabled for this account, and that the stream or the bucket is there"
        )
    }

    private static func error(_ body: NATSAPIError.Body, _ reply: Bytes, _ subject: String) -> FreshetError {
        let said = body.description ?? "no reason given"
        let kind: FreshetError.Kind
        var hint: String?
        switch (body.err_code, body.code) {
        case (10071, _), (10164, _):
            // "wrong last sequence: 3"
            kind = .conflict(version: said.split(separator: " ").last.map(String.init))
        case (10058, _):
            kind = .conflict(version: nil)
            hint = "there is a stream of that name with another configuration"
        case (_, 404): kind = .notFound
        case (_, 401), (_, 403): kind = .forbidden
        case (_, 500...): kind = .server(status: body.code)
        default: kind = .operationFailed(payload: reply.array)
        }
        return FreshetError(kind, "JetStream refused \(subject): \(said)", hint: hint)
    }
}
