// SPDX-License-Identifier: Apache-2.0

/// A promise that an input broke.
package struct Finding: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Throws what is wrong unless it is right.
func require(_ isTrue: Bool, _ wrong: @autoclosure () -> String) throws(Finding) {
    guard isTrue else { throw Finding(wrong()) }
}
