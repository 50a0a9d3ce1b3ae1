// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// One thing that a NATS server says.
package enum NATSOperation: Sendable {
    /// What it is and what it allows, as JSON.
    case info(Bytes)
    case message(NATSFrame)
    case ping, pong, ok
    /// Without the quotes around it.
    case error(String)
}
