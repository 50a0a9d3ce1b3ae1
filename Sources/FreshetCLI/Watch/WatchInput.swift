// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import FreshetCore
import FreshetTransport

/// Turns what stands on the command line into what the client takes, or says what is wrong with it.
enum WatchInput {
    /// The document from `-q`, or from the file of `-f` (`-` is stdin).
    static func document(query: String?, file: String?) throws(FreshetError) -> String {
        switch (query, file) {
        case (let query?, nil):
            return query
        case (nil, let file?):
            return try InputFile.text(file)
        default:
            throw FreshetError(
                .invalidInput,
                "a subscription is needed, once",
                hint: "give it as -q 'subscription { … }', or in a file with -f; for documents see freshet help watch"
            )
        }
    }

    static func variables(strings: [String], json: [String]) throws(FreshetError) -> [String: JSONValue] {
        var variables: [String: JSONValue] = [:]
        for argument in strings {
            let (name, value) = try Self.pair(argument, option: "--var", example: "--var id=42")
            variables[name] = .string(value)
        }
        for argument in json {
            let (name, value) = try Self.pair(argument, option: "--var-json", example: "--var-json n=5")
            guard let parsed = try? JSONDecoder().decode(JSONValue.self, from: Data(value.utf8)) else {
                throw FreshetError(
                    .invalidInput,
                    "the value of --var-json \(name) is not JSON",
                    hint: "a string needs its quotes: --var-json '\(name)=\"text\"'; or use --var"
                )
            }
            variables[name] = parsed
        }
        return variables
    }

    /// `Name: value`, or `@file` with one header a line (`@-` is stdin).
    static func headers(_ arguments: [String]) throws(FreshetError) -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        for argument in arguments {
            let lines =
                argument.hasPrefix("@")
                ? try InputFile.text(String(argument.dropFirst())).split(whereSeparator: \.isNewline).map(String.init)
                : [argument]
            for line in lines {
                guard let colon = line.firstIndex(of: ":") else {
                    throw FreshetError(.invalidInput, "a header has no colon", hint: "-H 'Name: value'")
                }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                let header = HTTPHeader(String(line[..<colon]), String(value))
                try header.check()
                headers.append(header)
            }
        }
        return headers
    }

    private static func pair(_ argument: String, option: String, example: String) throws(FreshetError)
        -> (name: String, value: String)
    {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            throw FreshetError(.invalidInput, "\(option) needs a name and a value", hint: example)
        }
        return (String(argument[..<equals]), String(argument[argument.index(after: equals)...]))
    }
}
