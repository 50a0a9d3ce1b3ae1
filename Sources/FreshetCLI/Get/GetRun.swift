// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Freshet
import FreshetCore
import FreshetGraphQL
import FreshetHTTP
import FreshetTransport

/// One run of `freshet get`: asks, prints, ends.
struct GetRun {
    let url: String
    /// Nil: the URL itself is asked.
    let request: GraphQLRequest?
    let webSocket: WebSocketConfiguration
    let signedIn: SignedIn?
    let profile: String?
    let etag: String?
    let timeout: Duration?
    let format: OutputFormat
    let terminal: Terminal

    func run() async -> ExitStatus {
        let call = OneCall(timeout: self.timeout, terminal: self.terminal)
        return await call.run(explaining: { SignedIn.explaining($0, profile: self.profile) }) {
            () async throws(FreshetError) in
            try await self.request == nil ? self.askURL() : self.askGraphQL()
        }
    }

    private func askGraphQL() async throws(FreshetError) -> ExitStatus {
        guard let request = self.request else { return .usage }
        var configuration = GraphQLClientConfiguration(webSocket: self.webSocket)
        configuration.credentials = self.signedIn?.session.provider()
        let client = GraphQLClient(url: self.url, configuration: configuration)
        let payload = try await client.payload(of: request)
        let record = self.renderer.data(payload, at: Date()) ?? []
        guard self.terminal.record(record) else { return .brokenPipe }
        return payload.errors == nil ? .satisfied : .operationFailed
    }

    private func askURL() async throws(FreshetError) -> ExitStatus {
        var configuration = try HTTPConfiguration(self.webSocket)
        configuration.limits.body = nil
        var middlewares: [any HTTPMiddleware] = [RetryMiddleware()]
        if let signedIn { middlewares.append(try signedIn.middleware()) }
        let client = HTTPClient(configuration: configuration, middlewares: middlewares)
        var headers: HTTPFields = [.accept: "application/json, */*;q=0.5"]
        headers[.ifNoneMatch] = self.etag
        var call = try client.call(.get, self.url, headers: headers)
        // What is printed as it comes may be of any size; what is put into form has to be there.
        let isWhole = self.effectiveFormat != .raw
        call.collectsBody = isWhole
        if isWhole { call.limits.body = self.webSocket.messageLimit }
        let reply = try await client.send(call)
        if self.etag != nil, reply.response.status == .notModified {
            self.terminal.note("freshet: not modified")
            return .endedEarly
        }
        let answer = try await reply.checked(for: call)
        if let tag = answer.response.headerFields[.eTag] { self.terminal.note("etag: \(Format.printable(tag))") }
        guard isWhole else { return try await self.copy(answer.body) }
        let record = try self.record(answer)
        return self.terminal.record(record) ? .satisfied : .brokenPipe
    }

    private func copy(_ body: HTTPBody) async throws(FreshetError) -> ExitStatus {
        for try await piece in body {
            guard self.terminal.record(piece.array) else { return .brokenPipe }
        }
        return .satisfied
    }

    private var effectiveFormat: OutputFormat {
        switch self.format {
        case .auto, .log: self.terminal.stdoutIsTerminal ? .json : .raw
        default: self.format
        }
    }

    private var renderer: Renderer {
        let format: OutputFormat = self.format == .auto || self.format == .log ? .json : self.format
        return Renderer(format: format, source: self.source, color: false, terminal: false)
    }

    /// Without the query, which may hold a secret.
    private var source: String { String(self.url.prefix { $0 != "?" }) }

    private func record(_ reply: HTTPReply) throws(FreshetError) -> [UInt8] {
        let bytes = reply.body.bytes?.array ?? []
        let isJSON = !bytes.isEmpty && (try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))) != nil
        switch self.effectiveFormat {
        case .jsonl:
            guard isJSON || bytes.isEmpty else {
                throw FreshetError(.decoding, "the answer is not JSON", hint: "-o raw prints it as it is")
            }
            let tag = reply.response.headerFields[.eTag].map { Format.quoted($0) } ?? "null"
            let head =
                #"{"v":1,"kind":"data","ts":"\#(Format.instant(Date()))","src":\#(Format.quoted(self.source)),"#
                + #""version":\#(tag),"data":"#
            return Array(head.utf8) + (bytes.isEmpty ? Array("null".utf8) : JSONText.compact(bytes)) + Array("}\n".utf8)
        default:
            // A page, or an image: somebody at a terminal sees it, but nothing in it may steer the terminal.
            guard isJSON else { return Array(Format.printableText(String(decoding: bytes, as: UTF8.self)).utf8) }
            return JSONText.escapingControls(JSONText.indented(bytes)) + [0x0A]
        }
    }
}
