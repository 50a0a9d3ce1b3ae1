// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import FreshetCLI

struct SoakLineTests {
    @Test("A local run: servers, clients, seed, faults, how long")
    func local() {
        var line = SoakLine(local: "graphql,etcd", clients: 50, rate: 10, seed: 42)
        let head = "freshet soak --local graphql,etcd --clients 50 --rate 10 --seed 42"
        #expect(line.text(faults: "all", duration: .seconds(90)) == "\(head) --faults all --for 90s")
        #expect(line.text(faults: "tcp.*", duration: nil) == "\(head) --faults 'tcp.*' --in-order")
        line.timing = [("--ping-interval", .milliseconds(1500)), ("--backoff-cap", .seconds(2))]
        line.requirements = ["lost==0", "recover.p99<5s"]
        let tail = "--ping-interval 1500ms --backoff-cap 2s --require lost==0 --require 'recover.p99<5s'"
        #expect(line.text(faults: "none", duration: nil) == "\(head) --faults none --in-order \(tail)")
    }

    @Test("A run against somebody's server says how it is asked, and has a place for the token, but not the token")
    func target() {
        var line = SoakLine(clients: 2, rate: 10, seed: 1)
        line.target = "ws://h:4000/graphql"
        line.query = #"subscription ($a: String = "it's") { x(a: $a) { n } }"#
        line.variables = [#"a="b c""#, "n=5"]
        line.cursor = "after=x.n"
        line.number = "x.n"
        line.hasToken = true
        #expect(
            line.text(faults: "all", duration: .seconds(10))
                == "freshet soak --target ws://h:4000/graphql --i-own-this "
                + #"-q 'subscription ($a: String = "it'\''s") { x(a: $a) { n } }' "#
                + #"--var-json 'a="b c"' --var-json n=5 --cursor after=x.n --number x.n "#
                + "--clients 2 --rate 10 --seed 1 --faults all --for 10s --token …"
        )
    }

    @Test(
        "Values in the query of a URL may be secrets",
        arguments: [
            ("ws://h/p", "ws://h/p"), ("ws://h/p?", "ws://h/p?"),
            ("ws://h/p?access_token=S", "ws://h/p?access_token=…"),
            ("ws://h/?a=S&flag&b=S=S", "ws://h/?a=…&flag&b=…"),
        ]
    )
    func masked(_ url: String, _ expected: String) {
        #expect(SoakLine.masked(url) == expected)
        var line = SoakLine(clients: 1, rate: 1, seed: 1)
        line.target = url
        #expect(!line.text(faults: "all", duration: nil).contains("=S"))
    }
}
