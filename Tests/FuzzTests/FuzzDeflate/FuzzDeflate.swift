// SPDX-License-Identifier: Apache-2.0

import FuzzChecks

/// libFuzzer calls this with every input that it makes.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzTarget.deflate.checkOrTrap(UnsafeBufferPointer(start: bytes, count: count))
    return 0
}
