// SPDX-License-Identifier: Apache-2.0

/// Wants to know when the loop's turn is over. Of the loop's thread.
protocol TurnObserver: AnyObject {
    /// The turn is over; true: the next one matters as well.
    func turnEnded() -> Bool
}
