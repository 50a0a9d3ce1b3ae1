// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import Testing

/// A live connection's pulse: any byte counts, silence is asked about, silence after that ends it.
struct ConnectionMachineKeepAliveTests {
    private typealias Action = ConnectionMachine.Action

    private static let rearmed: [Action] = [.start(.keepAlive, .seconds(20), 1)]
    private static let asked: [Action] = [.ping, .start(.pong, .seconds(10), 1)]

    @Test("While bytes come there is no ping")
    func busy() {
        var driver = Stage.live.driver
        for heard: UInt64 in [129, 130, 100_000] {
            #expect(driver.fired(.keepAlive, heard: heard) == Self.rearmed)
        }
    }

    @Test("After silence comes a ping, and any byte is answer enough")
    func answered() {
        var driver = Stage.live.driver
        #expect(driver.fired(.keepAlive, heard: 129) == Self.rearmed)
        #expect(driver.fired(.keepAlive, heard: 129) == Self.asked)
        #expect(driver.fired(.pong, heard: 130) == Self.rearmed)
        // The byte that answered does not count once more.
        #expect(driver.fired(.keepAlive, heard: 130) == Self.asked)
    }

    @Test("A connection on which nothing has ever come is asked at the first turn")
    func silentFromTheStart() {
        var driver = Stage.live.driver
        #expect(driver.fired(.keepAlive, heard: 0) == Self.asked)
    }

    @Test("Silence after the ping ends the connection, and it is tried again")
    func unanswered() throws {
        var driver = Stage.live.driver
        _ = driver.fired(.keepAlive, heard: 129)
        _ = driver.fired(.keepAlive, heard: 129)
        let actions = driver.fired(.pong, heard: 129)
        guard case .abandonSocket(let end) = try #require(actions.first), case .failure(let error, nil) = end else {
            Issue.record("the socket is not abandoned: \(actions)")
            return
        }
        #expect(actions.count == 1)
        #expect(error.kind == .timeout(.keepAlive))
        #expect(error.message == "nothing was heard from the server for 30.0 seconds")
        #expect(driver.ended(end).retryDelay == .milliseconds(125))
    }

    @Test("While we do not read on purpose nothing is asked, and nothing is concluded")
    func paused() {
        var driver = Stage.live.driver
        #expect(driver.fired(.keepAlive, heard: 129) == Self.rearmed)
        for _ in 0..<5 {
            #expect(driver.fired(.keepAlive, heard: nil) == Self.rearmed)
        }
        #expect(driver.fired(.keepAlive, heard: 129) == Self.asked)
        #expect(driver.fired(.pong, heard: nil) == Self.rearmed)
        #expect(driver.fired(.keepAlive, heard: 129) == Self.asked)
    }

    @Test("The count of an earlier connection means nothing on the next")
    func nextConnection() {
        var driver = Stage.live.driver
        _ = driver.fired(.keepAlive, heard: 129)
        _ = driver.ended(.closeFrame(code: 1001, reason: ""))
        _ = driver.fired(.retry)
        driver.connect()
        #expect(driver.fired(.keepAlive, heard: 129) == [.start(.keepAlive, .seconds(20), 2)])
        #expect(driver.fired(.keepAlive, heard: 129) == [.ping, .start(.pong, .seconds(10), 2)])
    }

    @Test("A keep-alive timer of an earlier connection says nothing about this one")
    func staleTimer() {
        var driver = Stage.live.driver
        _ = driver.ended(.closeFrame(code: 1001, reason: ""))
        _ = driver.fired(.retry)
        driver.connect()
        #expect(driver.on(.fired(.keepAlive, 1, heard: 0)) == [])
        #expect(driver.on(.fired(.pong, 1, heard: 0)) == [])
    }
}
