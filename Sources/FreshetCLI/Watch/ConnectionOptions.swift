// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetTransport

/// The options about the way to the server: headers, TLS, proxy, deadlines.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("H"), .customLong("header")],
        help: ArgumentHelp("A header of the upgrade request; @file reads one a line.", valueName: "name: value")
    )
    var headers: [String] = []

    @Option(help: "A PEM file of certificate authorities to trust instead of the system's.")
    var cacert: String?

    @Option(help: "A PEM file with the client certificate to show.")
    var cert: String?

    @Option(help: "A PEM file with the client certificate's key; by default it is in --cert.")
    var key: String?

    @Option(
        name: .customLong("pin"),
        help: ArgumentHelp("The SHA-256 of a public key that the server must have.", valueName: "base64")
    )
    var pins: [String] = []

    @Option(name: .customLong("tls-min"), help: ArgumentHelp("The oldest TLS: 1.2 or 1.3.", valueName: "version"))
    var minimumTLS: TLSVersionArgument = .init(version: .tls12)

    @Option(help: "The name to find in the certificate, where it is not the URL's host.")
    var serverName: String?

    @Flag(name: [.customShort("k"), .long], help: "Accept any certificate. Only for tests.")
    var insecure = false

    @Option(
        name: [.customShort("x"), .long],
        help: ArgumentHelp(
            "http://user:password@host:port, or none; by default as http_proxy, https_proxy, all_proxy and no_proxy say.",
            valueName: "url"
        )
    )
    var proxy: String?

    @Option(help: ArgumentHelp("Redirects to follow.", valueName: "n"))
    var maxRedirects: Int = 5

    @Flag(help: "Do not offer permessage-deflate.")
    var noCompression = false

    @Option(help: ArgumentHelp("Time for each of: host name, connection, TLS, upgrade.", valueName: "time"))
    var connectTimeout: DurationArgument?

    @Option(help: ArgumentHelp("Ping after this much silence.", valueName: "time"))
    var pingInterval: DurationArgument?

    @Option(help: ArgumentHelp("Give up after this much silence after a ping.", valueName: "time"))
    var pongTimeout: DurationArgument?

    func validate() throws {
        if self.key != nil, self.cert == nil { throw ValidationError("--key needs --cert") }
        if self.maxRedirects < 0 { throw ValidationError("--max-redirects must not be negative") }
    }

    /// What they come to.
    func configuration() throws(FreshetError) -> WebSocketConfiguration {
        var configuration = WebSocketConfiguration(
            headers: try WatchInput.headers(self.headers),
            tls: TLSConfiguration(
                authorities: self.cacert.map { .file($0) },
                identity: self.cert.map { .init(certificate: .file($0), key: .file(self.key ?? $0)) },
                pinnedPublicKeys: Set(self.pins.map { $0.hasPrefix("sha256//") ? String($0.dropFirst(8)) : $0 }),
                minimumVersion: self.minimumTLS.version,
                serverName: self.serverName,
                acceptsAnyCertificate: self.insecure
            ),
            compression: self.noCompression ? .off : .on
        )
        if let proxy = self.proxy { configuration.proxy = proxy == "none" ? .none : .proxy(try Proxy(proxy)) }
        configuration.redirects.limit = self.maxRedirects
        configuration.deadline = self.connectTimeout?.duration ?? configuration.deadline
        configuration.pingInterval = self.pingInterval?.duration ?? configuration.pingInterval
        configuration.pongDeadline = self.pongTimeout?.duration ?? configuration.pongDeadline
        return configuration
    }
}

/// A version of TLS on the command line.
struct TLSVersionArgument: ExpressibleByArgument {
    let version: TLSConfiguration.Version

    init(version: TLSConfiguration.Version) { self.version = version }

    init?(argument: String) {
        switch argument {
        case "1.2": self.version = .tls12
        case "1.3": self.version = .tls13
        default: return nil
        }
    }

    var defaultValueDescription: String { self.version == .tls12 ? "1.2" : "1.3" }
}
