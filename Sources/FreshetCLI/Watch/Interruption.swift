// SPDX-License-Identifier: Apache-2.0

import Dispatch

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// What ends a watch from outside: SIGINT, SIGTERM, the timeout. The program then has two seconds to say goodbye; it ends
/// after that, or at a second signal, whatever it is stuck in, such as a stdout that nobody reads.
///
/// On threads of Dispatch's, because those of Swift's pool may be what is stuck.
final class Interruption: Sendable {
    enum Cause: Sendable {
        case signal(Int32)
        case timeout
    }

    static let grace = DispatchTimeInterval.seconds(2)

    let causes: AsyncStream<Cause>
    private let listening: Task<Void, Never>

    init(timeout: Duration?) {
        let (causes, continuation) = AsyncStream<Cause>.makeStream()
        self.causes = causes
        let signals = Signals.stream(SIGINT, SIGTERM) { number, count in
            if count > 1 { _exit(128 + number) }
            Self.endSoon(128 + number)
        }
        self.listening = Task {
            for await signal in signals { continuation.yield(.signal(signal)) }
        }
        if let timeout {
            let seconds = timeout / .seconds(1)
            DispatchQueue.global().asyncAfter(deadline: .now() + seconds) {
                continuation.yield(.timeout)
                Self.endSoon(ExitStatus.timeout.rawValue)
            }
        }
    }

    private static func endSoon(_ status: Int32) {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.grace) { _exit(status) }
    }
}
