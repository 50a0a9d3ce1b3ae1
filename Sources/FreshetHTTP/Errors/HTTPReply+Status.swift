// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import FreshetCore
import FreshetTransport
import HTTPTypes

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

extension HTTPReply {
    /// How much of a refusal's body is read, in bytes.
    private static let refusalLimit = 64 << 10

    /// The reply, if its status is 2xx; otherwise what the status means is thrown.
    ///
    /// | status | kind of error |
    /// |---|---|
    /// | 401, 403 | `.unauthorized`, `.forbidden` |
    /// | 404, 410 | `.notFound` |
    /// | 409, 412 | `.conflict`, with the entity tag |
    /// | 429 | `.rateLimited`, with `Retry-After` |
    /// | 400, 422 with errors of fields | `.validation` |
    /// | 500 and on | `.server` |
    /// | everything else | `.rejected` |
    ///
    /// - Parameter call: what it is the reply to.
    /// - Returns: the reply.
    /// - Throws: what the status means; what the server said is in its `refusal` and `problem`.
    public func checked(for call: HTTPCall) async throws(FreshetError) -> HTTPReply {
        guard self.response.status.kind != .successful else { return self }
        throw await self.error(for: call)
    }

    /// What its status means.
    package func error(for call: HTTPCall) async -> FreshetError {
        let fields = self.response.headerFields
        let now = Int64(time(nil))
        let refusal = HTTPRefusal(
            status: self.response.status.code,
            retryAfter: fields[.retryAfter].flatMap { RetryAfter.parse($0, now: now) },
            authenticate: fields[.wwwAuthenticate],
            body: await self.beginning()
        )
        let value = try? JSONDecoder().decode(JSONValue.self, from: Data(refusal.body))
        if self.wantsCertificate(refusal, call.request) {
            return TLSEnd.certificateWanted(by: call.request.authority ?? "the server", refusal: refusal)
        }
        let said = Self.quote(value.flatMap { ProblemDetails($0)?.summary }, sentWith: call.request)
        let name = "\(call.request.method.rawValue) \(call.request.targetName)"
        return FreshetError(
            self.kind(refusal, value.map { FieldErrorReader.fieldErrors(in: $0) } ?? []),
            "\(name) was answered with HTTP \(refusal.status)\(said.map { ": \($0)" } ?? "")",
            hint: Self.hint(for: refusal.status),
            refusal: refusal
        )
    }

    /// What nginx says when a client has no certificate, and after the handshake.
    private func wantsCertificate(_ refusal: HTTPRefusal, _ request: HTTPRequest) -> Bool {
        refusal.status == 400 && request.scheme == "https"
            && String(decoding: refusal.body, as: UTF8.self).contains("No required SSL certificate was sent")
    }

    /// As much of the body as is there and fits.
    private func beginning() async -> [UInt8] {
        var bytes: [UInt8] = []
        var pieces = self.body.makeAsyncIterator()
        while bytes.count < Self.refusalLimit, let piece = try? await pieces.next(isolation: nil) {
            piece.append(to: &bytes)
        }
        return Array(bytes.prefix(Self.refusalLimit))
    }

    private func kind(_ refusal: HTTPRefusal, _ errors: [FieldError]) -> FreshetError.Kind {
        switch refusal.status {
        case 401: .unauthorized
        case 403: .forbidden
        case 404, 410: .notFound
        case 407: .proxyRefused(status: 407)
        case 409, 412: .conflict(version: self.response.headerFields[.eTag])
        case 429: .rateLimited(retryAfter: refusal.retryAfter)
        case 400, 422: errors.isEmpty ? .rejected(status: refusal.status) : .validation(errors)
        case 500...: .server(status: refusal.status)
        default: .rejected(status: refusal.status)
        }
    }

    private static func hint(for status: Int) -> String? {
        switch status {
        case 304: "the request had no If-None-Match, or nothing was kept that it could stand for"
        case 300...399: "redirects are not followed here, or not so many"
        case 401: "check the token and whether it has expired"
        case 407: "give the proxy's credentials in its URL: http://user:password@host:port"
        case 403: "check what these credentials are allowed to do"
        case 404, 410: "check the path"
        case 409, 412: "read it again, and apply the change to what is there now"
        case 429: "ask less often"
        default: nil
        }
    }

    /// One line of the server's words, unless they repeat a header field or a part of the query, which may be a secret.
    private static func quote(_ text: String?, sentWith request: HTTPRequest) -> String? {
        guard let text else { return nil }
        let line = String(
            String.UnicodeScalarView(text.unicodeScalars.filter { $0.properties.generalCategory != .control })
        )
        let sent = request.headerFields.map(\.value) + request.queryValues
        guard !line.isEmpty, !sent.contains(where: { HTTPHeader("", $0).isRepeated(in: line) }) else { return nil }
        return line.count > 200 ? "\(line.prefix(200))…" : line
    }
}

extension HTTPRequest {
    /// Host and path, for messages and logs: without the query, which may hold a secret.
    package var targetName: String { "\(self.authority ?? "")\((self.path ?? "").prefix { $0 != "?" })" }

    /// The values in the query, as they are written and as they are meant.
    fileprivate var queryValues: [String] {
        guard let query = self.path?.split(separator: "?", maxSplits: 1).dropFirst().first else { return [] }
        return query.split(separator: "&").flatMap { item -> [String] in
            let value = item.split(separator: "=", maxSplits: 1).last.map { String($0) } ?? ""
            return [value, PercentEncoding.decoded(value)]
        }
    }
}
