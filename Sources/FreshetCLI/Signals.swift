// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Signals as a sequence. Listening takes their usual effect away.
enum Signals {
    static func stream(_ numbers: Int32...) -> AsyncStream<Int32> {
        AsyncStream { continuation in
            let sources = numbers.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number)
                source.setEventHandler { continuation.yield(number) }
                source.resume()
                return source
            }
            continuation.onTermination = { _ in
                for source in sources { source.cancel() }
            }
        }
    }
}
