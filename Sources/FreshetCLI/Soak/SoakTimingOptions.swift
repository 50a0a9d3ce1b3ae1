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

    var timing: ClientTiming {
        var timing = ClientTiming()
        if let pingInterval { timing.ping = pingInterval.duration }
        if let pingTimeout { timing.pong = pingTimeout.duration }
        if let connectTimeout { timing.deadline = connectTimeout.duration }
        if let backoffCap { timing.backoff.cap = backoffCap.duration }
        return timing
    }
}
