// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetSoakRunner

/// How quick the clients are.
struct SoakTimingOptions: ParsableArguments {
    @Option(help: "Silence after which a client pings its server.")
    var pingInterval: DurationArgument?

    @Option(help: "Silence after a ping after which it gives the connection up.")
    var pingTimeout: DurationArgument?

    @Option(help: "How long each step of connecting may take.")
    var connectTimeout: DurationArgument?

    @Option(help: "The longest wait between two attempts.")
    var backoffCap: DurationArgument?

    /// Those that were given, for the line that does a run again.
    var given: [(option: String, time: Duration)] {
        let all = [
            ("--ping-interval", self.pingInterval), ("--ping-timeout", self.pingTimeout),
            ("--connect-timeout", self.connectTimeout), ("--backoff-cap", self.backoffCap),
        ]
        return all.compactMap { option, time in time.map { (option: option, time: $0.duration) } }
    }

    var timing: ClientTiming {
        var timing = ClientTiming()
        if let pingInterval { timing.ping = pingInterval.duration }
        if let pingTimeout { timing.pong = pingTimeout.duration }
        if let connectTimeout { timing.deadline = connectTimeout.duration }
        if let backoffCap { timing.backoff.cap = backoffCap.duration }
        return timing
    }
}
