// SPDX-License-Identifier: Apache-2.0

import FreshetCore
import ProofChecks

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// `make prove NAME=cuts ARGS='--seed 7'`: tries what the documents claim, for as long as that takes, within limits.
@main
struct Proofs {
    private static let usage = """
        usage: Proofs cuts [--cuts 200] [--seed 1] [--rate 2000] [--bytes 40000] [--lifetime MILLISECONDS]
               Proofs restarts [--subscriptions 500] [--restarts 20]
               Proofs slow [--seconds 300] [--rate 50000] [--policy dropOldest]
               Proofs tokens [--seconds 60] [--rate 5000]
        """

    private let options: [String: String]

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        var options: [String: String] = [:]
        for index in stride(from: 1, to: arguments.count - 1, by: 2) {
            options[arguments[index]] = arguments[index + 1]
        }
        let verdicts = try await Proofs(options: options).run(arguments.first ?? "")
        for verdict in verdicts { print(verdict.line) }
        exit(verdicts.allSatisfy(\.holds) ? 0 : 1)
    }

    private func run(_ name: String) async throws -> [Verdict] {
        switch name {
        case "cuts":
            var proof = CutsProof()
            proof.cuts = self.number("cuts", proof.cuts)
            proof.seed = UInt64(self.number("seed", 1))
            proof.eventsPerSecond = self.number("rate", proof.eventsPerSecond)
            proof.bytes = self.number("bytes", proof.bytes)
            if let lifetime = self.options["--lifetime"].flatMap({ Int($0) }) {
                proof.lifetime = .milliseconds(lifetime)
            }
            self.limit(name, 60 + proof.cuts * 2)
            return [try await proof.run(Self.say)]
        case "restarts":
            var proof = RestartsProof()
            proof.subscriptions = self.number("subscriptions", proof.subscriptions)
            proof.restarts = self.number("restarts", proof.restarts)
            self.limit(name, 60 + proof.restarts * 10)
            return [try await proof.run(Self.say)]
        case "slow":
            var proof = SlowProof()
            proof.seconds = self.number("seconds", proof.seconds)
            proof.eventsPerSecond = self.number("rate", proof.eventsPerSecond)
            if let policy = self.options["--policy"] { proof.policies = [policy] }
            self.limit(name, 120 + proof.seconds * 2)
            return try await proof.run(Self.say)
        case "tokens":
            var proof = TokensProof()
            proof.duration = .seconds(self.number("seconds", 60))
            proof.eventsPerSecond = self.number("rate", proof.eventsPerSecond)
            self.limit(name, 60 + self.number("seconds", 60))
            return [try await proof.run(Self.say)]
        default:
            Self.say(Self.usage)
            exit(2)
        }
    }

    private func number(_ name: String, _ otherwise: Int) -> Int {
        self.options["--\(name)"].flatMap { Int($0) } ?? otherwise
    }

    /// Whatever happens, it ends.
    private func limit(_ name: String, _ seconds: Int) {
        Task {
            try await Task.sleep(for: .seconds(seconds))
            print("\(name): DOES NOT HOLD (not finished after \(seconds) s)")
            exit(1)
        }
    }

    private static func say(_ text: String) {
        FileHandles.standardError(text)
    }
}
