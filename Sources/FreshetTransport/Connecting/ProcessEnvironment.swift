// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The environment of this process.
package enum ProcessEnvironment {
    /// The value of a variable; nil where it is not set.
    package static func value(of name: String) -> String? {
        // Proof: the text is copied at once; nothing here changes the environment.
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
