// SPDX-License-Identifier: Apache-2.0

import CFreshetHTTP
import FreshetCore
import FreshetTransport
import HTTPTypes

/// The way to one origin: what all requests to it have in common.
struct CurlRoute: Sendable {
    private static let count = Locked<UInt64>(0)

    /// What C knows it by: the same for no two.
    private let number = Self.count.withLock { count in
        count += 1
        return count
    }
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

    /// A request's texts: put together by who sends it, for the loop's thread works for others too.
    func request(for call: HTTPCall) -> CurlRequest {
        var texts = CTexts()
        let url = texts.append(self.base, call.request.path ?? "/")
        let method = texts.append(call.request.method.rawValue)
        let socketPath = self.socketPath.map { texts.append($0) }
        let connectTo = self.connectTo.map { texts.append($0) }
        let proxy = self.proxy.map { texts.append("http://\($0)") }
        let credentials = self.proxyCredentials.map { texts.append($0) }
        let pins = self.tls.pins.map { texts.append($0) }
        let others = texts.count
        self.appendHeaders(of: call, to: &texts)
        return CurlRequest(
            texts: texts,
            url: url,
            method: method,
            socketPath: socketPath,
            connectTo: connectTo,
            proxy: proxy,
            credentials: credentials,
            pins: pins,
            headers: others
        )
    }

    /// C's view of a request, valid during the call.
    func withRequest(
        _ request: CurlRequest,
        _ call: HTTPCall,
        _ body: (inout freshet_http_request) -> OpaquePointer?
    ) -> OpaquePointer? {
        unsafe request.texts.withPointers { pointers in
            var view = unsafe freshet_http_request(
                route: self.number,
                url: pointers[request.url],
                method: pointers[request.method],
                headers: pointers.baseAddress.map { unsafe $0 + request.headers },
                header_count: pointers.count - request.headers,
                has_body: call.body != nil,
                body_size: Int64(call.body?.length ?? -1),
                may_replay: call.isIdempotent,
                http2: call.allowsHTTP2 && self.isSecure,
                connect_timeout: call.timeouts.connect.milliseconds,
                total_timeout: call.timeouts.total?.milliseconds ?? 0,
                unix_socket: request.socketPath.map { unsafe pointers[$0] },
                connect_to: request.connectTo.map { unsafe pointers[$0] },
                proxy: request.proxy.map { unsafe pointers[$0] },
                proxy_credentials: request.credentials.map { unsafe pointers[$0] },
                authorities: self.tls.authorities?.baseAddress,
                authorities_size: self.tls.authorities?.count ?? 0,
                certificate: self.tls.certificate?.baseAddress,
                certificate_size: self.tls.certificate?.count ?? 0,
                key: self.tls.key?.baseAddress,
                key_size: self.tls.key?.count ?? 0,
                pins: request.pins.map { unsafe pointers[$0] },
                tls13: self.tls.configuration.minimumVersion == .tls13,
                insecure: self.tls.configuration.acceptsAnyCertificate
            )
            return unsafe body(&view)
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
        self.compresses && !call.request.headerFields.contains(.acceptEncoding)
    }

    private func appendHeaders(of call: HTTPCall, to texts: inout CTexts) {
        let fields = call.request.headerFields
        // libcurl would wait for a 100 before large bodies.
        if call.body != nil { texts.append("Expect:") }
        // libcurl would call no body at all a form.
        if call.body == nil, call.request.method != .get, !fields.contains(.contentType) {
            texts.append("Content-Type:")
        }
        if self.unpacks(call) { texts.append("Accept-Encoding: gzip") }
        if let host = self.host, !fields.contains(.host) { texts.append("Host: ", host) }
        for field in fields {
            // Those say how the body is sent, and libcurl does that.
            guard field.name != .contentLength, field.name != .transferEncoding else { continue }
            // An empty value is written with a semicolon, for libcurl takes a colon for "do not send it".
            texts.append(field.name.rawName, field.value.isEmpty ? ";" : ": ", field.value)
        }
    }
}

extension HTTPField.Name {
    static let host = Self("Host") ?? .accept
}

extension Duration {
    /// At least one: 0 would be "none".
    var milliseconds: Int { Int(min(max(self / .milliseconds(1), 1), 1e12)) }
}
