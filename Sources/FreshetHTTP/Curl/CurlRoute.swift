// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP
import FreshetCore
import FreshetTransport
import HTTPTypes

/// The way to one origin: what all requests to it have in common.
struct CurlRoute: Sendable {
    /// Host and port, or the socket's path: for messages.
    let name: String
    /// Scheme and authority, as libcurl is to see them.
    private let base: String
    /// What the server is to see as the host, where that is not the URL's.
    private let host: String?
    let isSecure: Bool
    let socketPath: String?
    let proxy: Proxy?
    private let connectTo: String?
    private let tls: CurlTLS
    private let compresses: Bool

    /// - Throws: `.invalidInput` where there can be no such origin.
    init(
        scheme: String,
        authority: String,
        tls: CurlTLS,
        proxy: ProxyPolicy,
        compresses: Bool
    ) throws(FreshetError) {
        self.tls = tls
        self.compresses = compresses
        guard scheme != "http+unix" else {
            self.name = authority
            self.base = "http://localhost"
            (self.host, self.isSecure, self.socketPath, self.proxy, self.connectTo) = (
                "localhost", false, authority, nil, nil
            )
            return
        }
        guard scheme == "http" || scheme == "https" else {
            throw FreshetError(
                .invalidInput,
                "there is no HTTP by the scheme \(scheme):",
                hint: "a URL looks like https://api.example.com/v1"
            )
        }
        let endpoint = try Endpoint("\(scheme)://\(authority)/")
        self.name = endpoint.authority
        self.isSecure = endpoint.secure
        self.socketPath = nil
        self.proxy = try proxy.proxy(for: endpoint, environment: ProcessEnvironment.value(of:))
        guard let serverName = tls.configuration.serverName, endpoint.secure else {
            self.base = "\(scheme)://\(authority)"
            self.host = nil
            self.connectTo = nil
            return
        }
        let host = endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host
        self.base = "\(scheme)://\(serverName):\(endpoint.port)"
        self.host = authority
        self.connectTo = "\(serverName):\(endpoint.port):\(host):\(endpoint.port)"
    }

    /// C's view of a request, valid during the call.
    func withRequest(
        _ call: HTTPCall,
        _ body: (inout freshet_http_request) -> OpaquePointer?
    ) -> OpaquePointer? {
        var texts = CTexts()
        let headers = self.headerLines(of: call)
        for line in headers { texts.append(line) }
        for text in [
            self.base + (call.request.path ?? "/"), call.request.method.rawValue, self.socketPath ?? "",
            self.connectTo ?? "", self.proxy.map { "http://\($0)" } ?? "", self.proxyCredentials ?? "",
            self.tls.pins ?? "",
        ] { texts.append(text) }
        return unsafe texts.withPointers { pointers in
            let rest = unsafe Array(pointers[headers.count...])
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                var request = unsafe freshet_http_request(
                    url: rest[0],
                    method: rest[1],
                    headers: pointers.baseAddress,
                    header_count: headers.count,
                    has_body: call.body != nil,
                    body_size: Int64(call.body?.length ?? -1),
                    may_replay: call.isIdempotent,
                    http2: call.allowsHTTP2 && self.isSecure,
                    connect_timeout: call.timeouts.connect.milliseconds,
                    total_timeout: call.timeouts.total?.milliseconds ?? 0,
                    unix_socket: self.socketPath == nil ? nil : rest[2],
                    connect_to: self.connectTo == nil ? nil : rest[3],
                    proxy: self.proxy == nil ? nil : rest[4],
                    proxy_credentials: self.proxy?.user == nil ? nil : rest[5],
                    authorities: self.tls.authorities?.baseAddress,
                    authorities_size: self.tls.authorities?.count ?? 0,
                    certificate: self.tls.certificate?.baseAddress,
                    certificate_size: self.tls.certificate?.count ?? 0,
                    key: self.tls.key?.baseAddress,
                    key_size: self.tls.key?.count ?? 0,
                    pins: self.tls.pins == nil ? nil : rest[6],
                    tls13: self.tls.configuration.minimumVersion == .tls13,
                    insecure: self.tls.configuration.acceptsAnyCertificate
                )
                return unsafe body(&request)
            }
        }
    }

    /// libcurl decodes them.
    private var proxyCredentials: String? {
        guard let proxy = self.proxy, let user = proxy.user else { return nil }
        let parts = [user, proxy.password ?? ""]
        return parts.map { PercentEncoding.encoded($0) { $0.isUnreserved } }.joined(separator: ":")
    }

    /// Whether an answer may come packed, and is unpacked. A caller who asks for a coding gets what comes.
    func unpacks(_ call: HTTPCall) -> Bool {
        self.compresses && call.request.headerFields[.acceptEncoding] == nil
    }

    private func headerLines(of call: HTTPCall) -> [String] {
        // libcurl would wait for a 100 before large bodies.
        var lines = call.body == nil ? [] : ["Expect:"]
        // libcurl would call no body at all a form.
        if call.body == nil, call.request.headerFields[.contentType] == nil { lines.append("Content-Type:") }
        if self.unpacks(call) { lines.append("Accept-Encoding: gzip") }
        if let host = self.host, call.request.headerFields[.host] == nil { lines.append("Host: \(host)") }
        for field in call.request.headerFields {
            // Those say how the body is sent, and libcurl does that.
            guard field.name != .contentLength, field.name != .transferEncoding else { continue }
            // An empty value is written with a semicolon, for libcurl takes a colon for "do not send it".
            lines.append(field.value.isEmpty ? "\(field.name.rawName);" : "\(field.name.rawName): \(field.value)")
        }
        return lines
    }
}

extension HTTPField.Name {
    static let host = Self("Host") ?? .accept
}

extension Duration {
    /// At least one: 0 would be "none".
    var milliseconds: Int { Int(min(max(self / .milliseconds(1), 1), 1e12)) }
}
