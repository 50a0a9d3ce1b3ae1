// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// A server's response through everything that judges it: nothing is agreed on that was not offered, and no secret gets into
/// an error.
struct UpgradeCheck {
    private static let nonce = Array("the sample nonce".utf8)

    private let input: UpgradeInput?

    init(_ bytes: [UInt8]) {
        self.input = UpgradeInput(bytes)
    }

    func run() throws(Finding) {
        guard let input = self.input else { return }
        let endpoint = try EndpointCheck(input).run()
        try ProxyCheck(input, endpoint).run()
        try RetryAfterCheck(input).run()
        try self.checkUpgrade(input, endpoint)
        try self.checkRefusal(input, endpoint)
    }

    /// An error says nothing secret, and is fit for a terminal where our own words are.
    static func checkError(_ error: FreshetError, from what: String) throws(Finding) {
        try require(!UpgradeInput.isSecretIn("\(error)"), "\(what): an error with the secret: \(error)")
        try require(error.message.utf8.count < 2000, "\(what): an error of \(error.message.utf8.count) bytes")
    }

    // MARK: - The upgrade

    private func checkUpgrade(_ input: UpgradeInput, _ endpoint: Endpoint) throws(Finding) {
        var headers = [HTTPHeader("Authorization", "Bearer \(UpgradeInput.secret)")]
        if let header = input["fuzz-header"] {
            let parts = header.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers.append(HTTPHeader(String(parts[0]), parts.count > 1 ? String(parts[1]) : ""))
        }
        let subprotocols = (input["fuzz-subprotocols"] ?? "graphql-transport-ws,graphql-ws").split(separator: ",")
        let made = Result { () throws(FreshetError) in
            try Upgrade(
                endpoint: endpoint,
                subprotocols: subprotocols.map(String.init),
                headers: headers,
                compression: input.offer,
                randomBytes: Self.nonce
            )
        }
        switch made {
        case .failure(let error):
            try require(error.kind == .invalidInput, "another kind: \(error)")
            try Self.checkError(error, from: "the request")
        case .success(let upgrade):
            let optional = (upgrade.subprotocols.isEmpty ? 0 : 1) + (upgrade.compression.offered ? 1 : 0)
            try Self.checkRequest(upgrade.request, lines: 6 + optional + headers.count)
            try self.checkResponse(input, to: upgrade)
        }
    }

    private func checkResponse(_ input: UpgradeInput, to upgrade: Upgrade) throws(Finding) {
        let model = AgreementModel(input, upgrade.compression)
        let isRight = input.isRight(for: upgrade) && model != .failure
        switch Result(catching: { () throws(FreshetError) in try upgrade.check { input[$0] } }) {
        case .success(let agreement):
            try require(isRight, "the handshake is taken, and is wrong")
            let subprotocol = agreement.subprotocol.map { Array($0.utf8) }
            try require(subprotocol == input["sec-websocket-protocol"].map { Array($0.utf8) }, "another subprotocol")
            let compression = agreement.compression
            try require(
                model == compression.map { .agreed($0) } ?? .nothing,
                "agreed on \(String(describing: compression)), not on \(model)"
            )
        case .failure(let error):
            try require(error.kind == .protocolViolation, "another kind: \(error)")
            try Self.checkError(error, from: "the upgrade")
            try require(!isRight, "the handshake is refused, and is right: \(error)")
        }
    }

    /// Lines of text, as many as there should be, and nothing that would begin another one.
    private static func checkRequest(_ request: [UInt8], lines: Int) throws(Finding) {
        let ends = request.indices.filter { request[$0] == 0x0A }
        try require(
            ends.count == lines && request.count { $0 == 0x0D } == lines && request.suffix(2) == [0x0D, 0x0A]
                && ends.allSatisfy { $0 > 0 && request[$0 - 1] == 0x0D } && !request.contains(0),
            "a request of other lines: \(String(decoding: request, as: UTF8.self))"
        )
        let ours = request.split(separator: 0x0A).prefix(6).joined()
        try require(ours.allSatisfy { $0 < 0x7F }, "not ASCII: \(String(decoding: request, as: UTF8.self))")
    }

    // MARK: - A refusal

    private func checkRefusal(_ input: UpgradeInput, _ endpoint: Endpoint) throws(Finding) {
        let refusal = HTTPRefusal(
            status: input.status,
            retryAfter: nil,
            authenticate: input["www-authenticate"],
            body: Array(input.body.prefix(1024))
        )
        let sent = [HTTPHeader("Authorization", "Bearer \(UpgradeInput.secret)")]
        let error = refusal.error(from: endpoint, sent: sent)
        try Self.checkError(error, from: "a refusal")
        try require(
            !error.message.unicodeScalars.contains { $0.properties.generalCategory == .control },
            "a refusal's error has a control character: \(error.message.debugDescription)"
        )
        try require(error.refusal == refusal, "another refusal")
    }
}
