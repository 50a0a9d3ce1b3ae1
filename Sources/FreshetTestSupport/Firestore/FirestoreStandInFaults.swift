// SPDX-License-Identifier: Apache-2.0

package import FreshetCore

/// What a stand-in for Firestore does wrong, or otherwise than usual.
package struct FirestoreStandInFaults: Sendable {
    /// How a target is resumed by its token.
    package enum Resumption: Sendable {
        /// All that has changed, and all that has left.
        case complete
        /// All that has changed; who has left is to be found out by the count, with a filter of names or without one.
        case filter(hasNames: Bool)
        /// Everything once more.
        case reset
    }

    package var resumption = Resumption.complete
    /// As Google's emulator does: everything once more at every change.
    package var resets = false
    /// Each answer of the back channel breaks off after so many bytes.
    package var cuts: (@Sendable (_ backChannel: Int) -> Int?)?
    /// Into pieces of how many bytes an answer is cut; nil: one for each payload.
    package var pieces: Int?
    /// Each array comes twice.
    package var doublesArrays = false
    /// Every so many arrays one is left out of the first answer that it should be in.
    package var losesEvery: Int?
    /// The answers to so many of our messages are lost, after they were taken.
    package var lostReplies = 0
    /// The back channel is silent.
    package var isSilent = false
    /// What is answered to a back channel instead, once.
    package var page: String?
    /// Who may not watch what, by a path.
    package var isDenied: (@Sendable (_ path: String) -> Bool)?
    /// Which `Authorization` may not.
    package var isRefused: (@Sendable (_ authorization: String) -> Bool)?
    /// Makes the filter of names (`unchangedNames`).
    package var bloom: (@Sendable (_ names: [String]) -> JSONValue)?

    package init() {}
}
