// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import FreshetSoak

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Makes a client wrong in one way, between the client and who writes down what it hands out: so that a test sees that the
/// oracle finds it.
final class Planter: Sendable {
    private struct State: Sendable {
        var seen = 0
        var held: Handed?
        var ballast: [[UInt8]] = []
        var task: Task<Void, Never>?
    }

    let fault: PlantedFault
    private let state = Locked(State())
    /// The element that it happens at.
    private static let victim = 30

    init(_ fault: PlantedFault) { self.fault = fault }

    var positionError: Int { self.fault == .positionTooFar ? 3 : 0 }
    var hidesEnds: Bool { self.fault == .lostTerminal }

    func change(_ handed: Handed, isPlain: Bool) -> Handed {
        self.state.withLock { state in
            guard handed.observed.contains(where: { if case .element = $0 { true } else { false } }) else {
                if self.fault == .hiddenGap, isPlain { return Handed(observed: [], position: nil) }
                return handed
            }
            guard !isPlain else { return handed }
            state.seen += 1
            switch (self.fault, state.seen) {
            case (.unboundedBuffer, _):
                // Written to, so that it is resident.
                state.ballast.append([UInt8](repeating: UInt8(truncatingIfNeeded: state.seen), count: 200_000))
                return handed
            case (.droppedElement, Self.victim): return Handed(observed: [], position: nil)
            case (.doubledElement, Self.victim):
                return Handed(observed: handed.observed + handed.observed, position: handed.position)
            case (.swappedPair, Self.victim):
                state.held = handed
                return Handed(observed: [], position: nil)
            case (.swappedPair, Self.victim + 1):
                return Handed(observed: handed.observed + (state.held?.observed ?? []), position: handed.position)
            default: return handed
            }
        }
    }

    /// What is wrong from the beginning.
    func begin(_ setup: ClientSetup, _ server: any SoakedServer) {
        let task: Task<Void, Never>
        switch self.fault {
        case .secondSocket:
            guard !setup.hasTokens, let client = try? server.client(setup), let kind = server.kinds.first else {
                return
            }
            task = Task {
                try? await client.read(kind, name: "-", from: nil, delivery: .suspending) { _ in }
                await client.close()
            }
        case .refreshStorm:
            guard setup.hasTokens, let tokens = (server as? GraphQLServer)?.tokens else { return }
            task = Task {
                while (try? await Task.sleep(for: .milliseconds(100))) != nil { _ = tokens.give(to: setup.number) }
            }
        default: return
        }
        self.state.withLock { $0.task = task }
    }

    func entered(_ phase: ClientPhase) {
        guard self.fault == .leakedDescriptor, phase == .connecting else { return }
        // Nobody closes it.
        _ = open("/dev/null", O_RDONLY)
    }

    func cleanUp() {
        let task = self.state.withLock { state in
            state.ballast = []
            return state.task
        }
        task?.cancel()
    }
}
