// SPDX-License-Identifier: Apache-2.0

/// One element of the embedded server's log.
struct LogElement: Decodable, Sendable {
    let n: Int
    let key: Int?
}
