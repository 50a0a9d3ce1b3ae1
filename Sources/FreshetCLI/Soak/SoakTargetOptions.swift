// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FreshetCore
import FreshetSoakRunner

/// What is subscribed to at a target.
struct SoakTargetOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "The GraphQL document of the subscription.")
    var query: String?

    @Option(name: .customLong("var-json"), help: ArgumentHelp("A variable, as JSON.", valueName: "name=json"))
    var variables: [String] = []

    @Option(
        help: ArgumentHelp(
            "The variable that a subscription goes on from, and where a result has its value.",
            valueName: "variable=path"
        )
    )
    var cursor: String?

    @Option(
        help: ArgumentHelp(
            "Where a result has its number, which goes up by one with each: that is what is judged by.",
            valueName: "path"
        )
    )
    var number: String?

    @Option(help: "A bearer token: sent as the Authorization header and in connection_init.")
    var token: String?

    func target(_ url: String) throws(FreshetError) -> SoakTarget {
        guard let query else {
            throw FreshetError(.invalidInput, "there is no subscription", hint: "give it as --query")
        }
        guard let number else {
            throw FreshetError(
                .invalidInput,
                "nothing says whether a result is missing",
                hint: "--number says where a result has its number, which goes up by one, as in events.n"
            )
        }
        var target = SoakTarget(url: url, query: query, number: JSONPath(number))
        target.variables = try WatchInput.variables(strings: [], json: self.variables)
        target.token = self.token
        if let cursor {
            let parts = cursor.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw FreshetError(.invalidInput, "--cursor wants variable=path, as in after=events.n")
            }
            target.cursor = (parts[0], JSONPath(parts[1]))
        }
        return target
    }
}
