// SPDX-License-Identifier: Apache-2.0

/// What is fuzzed: each target is a corpus of inputs, and promises that hold for any input at all.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case frames, deflate, upgrade, scanner

    /// Throws what promise the input breaks. A trap is a finding as well.
    package func check(_ input: [UInt8]) throws(Finding) {
        switch self {
        case .frames: try FrameCheck(input).run()
        case .deflate: try DeflateCheck(input).run()
        case .upgrade: try UpgradeCheck(input).run()
        case .scanner: try ScannerCheck.run(input)
        }
    }

    /// The same for libFuzzer, which sees traps only.
    package func checkOrTrap(_ input: UnsafeBufferPointer<UInt8>) {
        do throws(Finding) {
            try self.check(Array(input))
        } catch {
            fatalError("\(error)")
        }
    }
}
