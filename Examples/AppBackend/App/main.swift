// SPDX-License-Identifier: Apache-2.0

// What an app does with its backend: sign in, list, create, watch, sign out. The server is beside it, in Server/:
//
//     scripts/examples.sh                      # starts the server, runs this
//     swift run AppBackend http://127.0.0.1:8000 [--expire]

import FreshetGraphQL

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

struct Item: Codable, Sendable, Identifiable {
    var id: String
    var title: String
    var price: Double
}

struct Draft: Encodable, Sendable {
    var title: String
    var price: Double
}

/// One change of an item, and its place in the server's log.
struct Change: Decodable, Sendable {
    var seq: Int
    var kind: String
    var item: Item
}

/// Everything that speaks to the server as one user: REST, GraphQL and the WebSocket share one session.
struct Backend {
    let session: AuthSession<TokenAuthenticator>
    let rest: HTTPClient
    let items: Repository<Item>
    let live: GraphQLClient

    init(_ url: String) throws(FreshetError) {
        let transport = CurlTransport()
        let session = AuthSession(
            try TokenAuthenticator(
                login: "\(url)/auth/login",
                refresh: "\(url)/auth/refresh",
                revocation: "\(url)/auth/logout",
                encoding: .json,
                send: { call throws(FreshetError) in try await transport.send(call) }
            )
        )
        // A retry begins with the call as the app made it, so it comes first; the credential is put on each attempt anew.
        self.rest = HTTPClient(
            baseURL: url,
            middlewares: [RetryMiddleware(), try AuthenticationMiddleware(session, origins: [url])]
        )
        self.items = Repository(self.rest, at: "items")
        var configuration = GraphQLClientConfiguration()
        configuration.credentials = session.provider()
        self.live = GraphQLClient(url: "\(url)/graphql", configuration: configuration)
        self.session = session
    }
}

func run(_ url: String, expiring: Bool) async throws(FreshetError) {
    let backend = try Backend(url)
    let events = backend.session.events
    let log = Task {
        for await event in events { print("session: \(event)") }
    }

    // Sign in.
    do throws(FreshetError) {
        try await backend.session.login(.password("ada", "wrong"))
    } catch {
        print("wrong password: \(error.kind)")
    }
    try await backend.session.login(.password("ada", "lovelace"))

    // List: page by page, as they are needed.
    for try await item in backend.items.list(pageSize: 2) { print("item \(item.id): \(item.title)") }

    // The access token dies at the server: 401, renewed once, and the request is sent again. Nobody here notices.
    if expiring {
        _ = try await backend.rest.reply(to: .post, "control/expire-access-tokens")
        let item = try await backend.items.get("item-1")
        print("after the token had died: \(item.title)")
    }

    // Create: what is wrong is said field by field.
    do throws(FreshetError) {
        _ = try await backend.items.create(Draft(title: "", price: -1))
    } catch {
        guard case .validation(let fields) = error.kind else { throw error }
        for field in fields { print("not valid: \(field)") }
    }

    // Watch: from a position in the server's log, through reconnections, without a gap.
    let feed = backend.live.subscribe(
        Change.self,
        "subscription($after: Int) { changes(after: $after) { seq kind item { id title price } } }",
        variables: ["after": 0],
        recovery: .cursor(variable: "after", path: "changes.seq")
    )
    var changes = feed.makeAsyncIterator()
    let draft = Draft(title: "Tea", price: 4.5)
    // With a key the server recognises the call when it is sent again, so it may be.
    let tea = try await backend.items.create(draft, idempotencyKey: "the-tea-of-this-run")
    print("created: \(tea.title)")
    while let event = try await changes.next() {
        switch event {
        case .snapshot(let change), .update(let change):
            print("\(change.kind) \(change.item.title)")
        case .gap(let gap):
            print("something may be missing: \(gap.reason)")
        }
        if event.value?.item.id == tea.id { break }
    }

    // Sign out: streams end, tokens are gone here and at the server.
    try await backend.session.logout()
    do throws(FreshetError) {
        _ = try await backend.items.get(tea.id)
    } catch {
        print("signed out: \(error.kind)")
    }
    await backend.live.close()
    log.cancel()
    await log.value
}

let arguments = CommandLine.arguments.dropFirst()
guard let url = arguments.first else {
    print("usage: AppBackend http://127.0.0.1:PORT [--expire]")
    exit(64)
}
do throws(FreshetError) {
    try await run(url, expiring: arguments.contains("--expire"))
} catch {
    print("failed: \(error)")
    exit(1)
}
