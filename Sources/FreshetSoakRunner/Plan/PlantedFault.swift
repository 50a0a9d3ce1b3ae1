// SPDX-License-Identifier: Apache-2.0

/// Something that is wrong with a client on purpose: what the oracle has to find.
package enum PlantedFault: String, Sendable, CaseIterable {
    case droppedElement, doubledElement, swappedPair, hiddenGap, positionTooFar
    case secondSocket, leakedDescriptor, unboundedBuffer, refreshStorm, lostTerminal
}
