// SPDX-License-Identifier: Apache-2.0

import FreshetCore

extension FreshetError {
    /// The deadline of a phase of connecting has passed: tells what was waited for, and from whom. With a proxy in between, that may
    /// be the one or the other.
    ///
    /// - Parameters:
    ///   - phase: what was waited for.
    ///   - time: how long.
    ///   - endpoint: the server.
    ///   - way: the proxy, where there is one, and whether our request has gone through it.
    /// - Returns: the error.
    static func late(
        _ phase: Phase,
        after time: Duration,
        to endpoint: Endpoint,
        by way: (proxy: Proxy, isThrough: Bool)?
    ) -> FreshetError {
        let awaited = "\(phase.words) \(endpoint.authority) took longer than \(time)"
        guard let (proxy, isThrough) = way else { return FreshetError(.timeout(phase), awaited) }
        if phase == .resolve || phase == .connect {
            return FreshetError(.timeout(phase), "\(phase.words) the proxy \(proxy) took longer than \(time)")
        }
        if isThrough {
            return FreshetError(
                .timeout(phase),
                awaited,
                hint: "the proxy \(proxy) has connected us, and passes nothing on"
            )
        }
        return FreshetError(
            .timeout(phase),
            "connecting to \(endpoint.authority) through the proxy \(proxy) took longer than \(time)",
            hint: "the proxy has not answered CONNECT" + (endpoint.secure ? ", or the server has not begun TLS" : "")
        )
    }
}
