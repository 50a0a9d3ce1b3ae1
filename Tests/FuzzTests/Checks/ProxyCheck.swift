// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetTransport

/// A user's settings of proxies through `Proxy`, `ProxyPolicy` and `NoProxyList`.
struct ProxyCheck {
    private let input: UpgradeInput
    private let endpoint: Endpoint

    init(_ input: UpgradeInput, _ endpoint: Endpoint) {
        self.input = input
        self.endpoint = endpoint
    }

    func run() throws(Finding) {
        if let text = self.input["fuzz-proxy"], !UpgradeInput.isSecretInSight(of: text) {
            switch Result(catching: { () throws(FreshetError) in try Proxy(text) }) {
            case .success(let proxy): try self.check(proxy)
            case .failure(let error):
                try require(error.kind == .invalidInput, "another error: \(error)")
                try UpgradeCheck.checkError(error, from: "a proxy")
            }
        }
        if let list = self.input["fuzz-no-proxy"] { try self.checkExceptions(list) }
    }

    private func check(_ proxy: Proxy) throws(Finding) {
        try require((1...65535).contains(proxy.port), "the port \(proxy.port)")
        try require(
            !proxy.host.isEmpty && proxy.host.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F },
            "the host \(proxy.host.debugDescription)"
        )
        let isInHost = UpgradeInput.isSecretIn(proxy.host)
        let texts = ["\(proxy)", String(reflecting: proxy), "\(ProxyPolicy.proxy(proxy))"]
        try require(isInHost || !texts.contains(where: UpgradeInput.isSecretIn), "a proxy shows its password")
    }

    private func checkExceptions(_ list: String) throws(Finding) {
        let host = self.endpoint.host
        guard !host.contains(where: { $0 == "," || $0.isWhitespace }) else { return }
        let without = self.isDirect("")
        let with = self.isDirect(list)
        try require(with || !without, "an exception takes another one away")
        for more in ["*", host, host.uppercased()] {
            try require(self.isDirect("\(list),\(more)"), "\(more) in no_proxy does not cover \(self.endpoint)")
        }
        if list.utf8.allSatisfy({ $0 < 0x80 }) {
            try require(self.isDirect(list.uppercased()) == with, "\(list) depends on its case")
        }
    }

    private func isDirect(_ exceptions: String) -> Bool {
        let variables = ["all_proxy": "http://proxy.example.com:3128", "no_proxy": exceptions]
        return (try? ProxyPolicy.environment.proxy(for: self.endpoint) { variables[$0] }) == .some(nil)
    }
}
