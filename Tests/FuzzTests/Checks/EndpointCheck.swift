// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// URLs through `Endpoint`: those that a user writes, and those that a server redirects to.
struct EndpointCheck {
    private let input: UpgradeInput

    init(_ input: UpgradeInput) {
        self.input = input
    }

    /// The endpoint for the other checks: the input's where it has a good one.
    func run() throws(Finding) -> Endpoint {
        guard var endpoint = try? Endpoint("wss://api.example.com/graphql?token=\(UpgradeInput.secret)") else {
            throw Finding("a good URL is refused")
        }
        if let text = self.input["fuzz-url"], !UpgradeInput.isSecretInSight(of: text) {
            switch Result(catching: { () throws(FreshetError) in try Endpoint(text) }) {
            case .success(let own):
                try Self.check(own)
                endpoint = own
            case .failure(let error):
                try require(error.kind == .invalidInput && error.hint != nil, "another error: \(error)")
                try UpgradeCheck.checkError(error, from: "a URL")
            }
        }
        if let location = self.input["location"], !UpgradeInput.isSecretInSight(of: location) {
            switch Result(catching: { [endpoint] () throws(FreshetError) in try endpoint.redirected(to: location) }) {
            case .success(let next):
                try require(next.socketPath == nil, "a server redirects to a Unix socket: \(next)")
                try Self.check(next)
            case .failure(let error):
                try UpgradeCheck.checkError(error, from: "a redirect")
            }
        }
        // A secret in a path is not one, and errors name the path.
        return UpgradeInput.isSecretIn("\(endpoint)") ? try EndpointCheck(UpgradeInput.empty).run() : endpoint
    }

    private static func check(_ endpoint: Endpoint) throws(Finding) {
        try require((1...65535).contains(endpoint.port), "the port \(endpoint.port)")
        try require(
            endpoint.target.utf8.first == 0x2F && endpoint.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F },
            "the target \(endpoint.target)"
        )
        try require(
            !endpoint.host.isEmpty && endpoint.host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F },
            "the host \(endpoint.host)"
        )
        try require(!"\(endpoint)".utf8.contains(0x3F) || endpoint.socketPath != nil, "a query: \(endpoint)")
        let scheme = endpoint.secure ? "wss" : "ws"
        let text =
            endpoint.socketPath.map { "ws+unix:\($0):\(endpoint.target)" }
            ?? "\(scheme)://\(endpoint.authority)\(endpoint.target)"
        try require((try? Endpoint(text)) == endpoint, "\(text) is read as another endpoint")
    }
}
