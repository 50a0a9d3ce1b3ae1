// SPDX-License-Identifier: Apache-2.0

/// What a watch came to.
struct WatchSummary {
    var received = 0
    var reconnects = 0
    var gaps = 0
    var code: Int32 = 0
    var why = ""
    var error: String?
}
