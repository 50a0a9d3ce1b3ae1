// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// Which connections go through a proxy.
public enum ProxyPolicy: Sendable, Hashable {
    /// As the environment says, in curl's words: `http_proxy` for ws:, `https_proxy` for wss:, `all_proxy` for both, and
    /// `no_proxy` for hosts that need none. All but `http_proxy` also in capitals. This machine itself needs none.
    case environment
    /// All of them directly.
    case none
    /// All of them through this one.
    case proxy(Proxy)

    /// The proxy for `endpoint`.
    package func proxy(
        for endpoint: Endpoint,
        environment: (String) -> String?
    ) throws(FreshetError) -> Proxy? {
        switch self {
        case .none: return nil
        case .proxy(let proxy): return endpoint.socketPath == nil ? proxy : nil
        case .environment: break
        }
        guard endpoint.socketPath == nil, !Self.isThisMachine(endpoint.host) else { return nil }
        func variable(_ names: String...) -> String? {
            names.lazy.compactMap(environment).first { !$0.isEmpty }
        }
        // In capitals, http_proxy may be a header of somebody's request to a CGI script that runs us.
        let ofScheme = endpoint.secure ? variable("https_proxy", "HTTPS_PROXY") : variable("http_proxy")
        guard let url = ofScheme ?? variable("all_proxy", "ALL_PROXY") else { return nil }
        let exceptions = variable("no_proxy", "NO_PROXY") ?? ""
        return NoProxyList(exceptions).covers(host: endpoint.host, port: endpoint.port) ? nil : try Proxy(url)
    }

    private static func isThisMachine(_ host: String) -> Bool {
        host.lowercased() == "localhost" || host == "::1" || host.hasPrefix("127.") && IPAddress(host) != nil
    }
}
