// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct LinkageTests {
    @Test("The program does without the whole of Foundation, which would bring 40 MB of ICU", .enabled(if: onLinux))
    func foundation() throws {
        let program = try Data(contentsOf: URL(filePath: Program.freshetPath))
        // Names of shared libraries stand in an ELF file as they are, each ended by a zero.
        func needs(_ library: String) -> Bool { program.range(of: Data((library + "\0").utf8)) != nil }
        #expect(needs("libFoundationEssentials.so"))
        for library in ["libFoundation.so", "libFoundationInternationalization.so", "lib_FoundationICU.so"] {
            #expect(!needs(library), "\(library) is linked")
        }
    }
}

#if os(Linux)
private let onLinux = true
#else
private let onLinux = false
#endif
