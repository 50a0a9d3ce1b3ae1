// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

@testable import FreshetCLI

struct ExitStatusTests {
    private func code(_ kind: FreshetError.Kind) -> Int32 { FreshetCLI.ExitStatus(FreshetError(kind, "no")).rawValue }

    @Test("The numbers are documented, so they stay")
    func numbers() {
        let all: [FreshetCLI.ExitStatus] = [
            .satisfied, .operationFailed, .gaveUp, .unauthorized, .protocolMismatch, .tls, .endedEarly, .usage,
            .timeout,
            .interrupted, .brokenPipe, .terminated,
        ]
        #expect(all.map(\.rawValue) == [0, 2, 3, 4, 5, 7, 8, 64, 124, 130, 141, 143])
    }

    @Test(
        "Each kind of error has its code",
        arguments: [
            (.invalidInput, 64), (.unreachable, 3), (.timeout(.resolve), 3), (.timeout(.connect), 3),
            (.timeout(.tls), 3), (.timeout(.upgrade), 3), (.timeout(.acknowledge), 3), (.timeout(.keepAlive), 3),
            (.tls(.expired), 7), (.tls(.other), 7), (.proxyRefused(status: 407), 4),
            (.proxyRefused(status: 502), 3), (.cancelled, 3), (.unauthorized, 4), (.forbidden, 4),
            (.protocolViolation, 5), (.messageTooLarge, 5),
            (.decoding, 5), (.operationFailed(payload: []), 2), (.clientClosed, 3),
        ] as [(FreshetError.Kind, Int32)]
    )
    func kinds(_ kind: FreshetError.Kind, _ expected: Int32) {
        #expect(code(kind) == expected)
    }

    @Test(
        "A close code that ends it for good is a mismatch, any other is giving up",
        arguments: [
            (1000, 3), (1001, 3), (1005, 3), (1006, 3), (1011, 3), (1012, 3), (1013, 3), (4408, 3), (4429, 3),
            (4444, 3), (4500, 3), (4504, 3), (1002, 5), (1003, 5), (1007, 5), (1008, 5), (1009, 5), (1010, 5),
            (4004, 5),
            (4005, 5), (4400, 5), (4409, 5),
        ] as [(UInt16, Int32)]
    )
    func closeCodes(_ close: UInt16, _ expected: Int32) {
        #expect(code(.closed(code: close)) == expected)
    }

    @Test(
        "Close codes about credentials and the subprotocol end with what the policy makes of them",
        arguments: [(4401, 4), (4403, 4), (4406, 5)] as [(UInt16, Int32)]
    )
    func namedCloseCodes(_ close: UInt16, _ expected: Int32) {
        let error = ConnectionEnd.closeFrame(code: close, reason: "").feedError
        #expect(FreshetCLI.ExitStatus(error).rawValue == expected)
    }

    @Test(
        "A refused upgrade is a mismatch, unless the server may be better later",
        arguments: [
            (200, 5), (301, 5), (400, 5), (404, 5), (426, 5), (408, 3), (425, 3), (429, 3), (500, 3), (502, 3),
            (503, 3),
        ] as [(Int, Int32)]
    )
    func statuses(_ status: Int, _ expected: Int32) {
        #expect(code(.upgradeRefused(status: status)) == expected)
    }
}
