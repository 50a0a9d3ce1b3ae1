// SPDX-License-Identifier: Apache-2.0

public import FreshetCore
public import FreshetTransport
import HTTPTypes

/// Carries calls by libcurl: HTTP/1.1 and 2, TLS, proxies, connections that are kept.
public struct CurlTransport: HTTPTransport {
    private struct Routes {
        var tls: CurlTLS?
        var routes: [String: CurlRoute] = [:]
    }

    private let tls: TLSConfiguration
    private let proxy: ProxyPolicy
    private let compresses: Bool
    private let pool: HTTPPool
    private let routes = Locked(Routes())

    /// Makes a transport; files that it names are read with the first call.
    ///
    /// - Parameters:
    ///   - tls: how servers prove who they are, and how we do.
    ///   - proxy: which connections go through a proxy.
    ///   - compresses: whether to ask for compressed answers, which are decompressed as they come.
    ///   - pool: where connections are kept.
    public init(
        tls: TLSConfiguration = TLSConfiguration(),
        proxy: ProxyPolicy = .environment,
        compresses: Bool = true,
        pool: HTTPPool = .shared
    ) {
        self.tls = tls
        self.proxy = proxy
        self.compresses = compresses
        self.pool = pool
    }

    /// Sends a call. Statuses are not errors here, and redirects are not followed.
    ///
    /// - Parameter call: what to send.
    /// - Returns: the reply, as soon as its head is there.
    /// - Throws: why there is none. Cancelling the task throws `.cancelled` and closes the connection.
    public func send(_ call: HTTPCall) async throws(FreshetError) -> HTTPReply {
        let route = try self.route(to: call.request)
        let transfer = CurlTransfer(call, route, on: self.pool.loop)
        return try await transfer.reply()
    }

    private func route(to request: HTTPRequest) throws(FreshetError) -> CurlRoute {
        guard let scheme = request.scheme, let authority = request.authority, let path = request.path else {
            throw FreshetError(
                .invalidInput,
                "a request without scheme, host and path cannot be sent",
                hint: "give the client a base URL, or the request an absolute one"
            )
        }
        guard path.utf8.first == UInt8(ascii: "/") || path == "*", path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw FreshetError(
                .invalidInput,
                "a path must begin with / and have no spaces or other letters than ASCII's",
                hint: "write them as %20 and the like"
            )
        }
        let origin = "\(scheme)://\(authority)"
        return try self.routes.withLock { routes throws(FreshetError) in
            if let route = routes.routes[origin] { return route }
            let tls: CurlTLS
            if let known = routes.tls { tls = known } else { tls = try CurlTLS(self.tls) }
            routes.tls = tls
            let route = try CurlRoute(
                scheme: scheme,
                authority: authority,
                tls: tls,
                proxy: self.proxy,
                compresses: self.compresses
            )
            // Bounded, for a crawler has many.
            if routes.routes.count >= 256 { routes.routes = [:] }
            routes.routes[origin] = route
            return route
        }
    }
}
