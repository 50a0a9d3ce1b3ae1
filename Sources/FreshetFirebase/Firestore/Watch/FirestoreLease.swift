// SPDX-License-Identifier: Apache-2.0

/// For how long the stream's credentials are good, and whether it is being made anew because they end: then newer ones are needed,
/// for what is still good would soon end again.
struct FirestoreLease: Sendable {
    var lifetime: Duration?
    var isEnding = false
}
