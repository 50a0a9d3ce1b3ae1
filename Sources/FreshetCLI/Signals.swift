// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Signals as a sequence. Listening takes their usual effect away.
enum Signals {
    /// The signals `numbers`. The handler hears of each at once, on a thread of Dispatch's, with how many there were.
    static func stream(
        _ numbers: Int32...,
        handler: @escaping @Sendable (_ number: Int32, _ count: Int) -> Void = { _, _ in }
    ) -> AsyncStream<Int32> {
        let count = Locked(0)
        return AsyncStream { continuation in
            let sources = numbers.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number)
                source.setEventHandler {
                    handler(
                        number,
                        count.withLock { count in
                            count += 1
                            return count
                        }
                    )
                    continuation.yield(number)
                }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
            }
        }
    }
}
