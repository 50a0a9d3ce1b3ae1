// SPDX-License-Identifier: Apache-2.0

import BenchMeasure
import FreshetFirebase

/// What is measured with Google's emulator of Firestore: the collections `bench`, with many documents, and `changes`, with some
/// that somebody writes again and again, are there.
struct FirestoreRows {
    private let options: Options
    private let firestore: Firestore

    init(_ options: Options) {
        self.options = options
        self.firestore = Firestore(project: "demo", configuration: .emulator(options.url))
    }

    /// The state with which a watch begins.
    func first() async throws {
        let (begun, cpu) = (Measure.now(), Measure.cpu())
        for try await snapshot in self.firestore.collection("bench").snapshots() {
            let (seconds, used) = (Measure.now() - begun, Measure.cpu() - cpu)
            self.options.report(
                #""messages":\#(snapshot.documents.count),"seconds":\#(seconds),"cpu_seconds":\#(used)"#
            )
            return
        }
    }

    /// Changes, as somebody else writes them, until a document has come whose `round` is the last one.
    func changes() async throws {
        var (seen, snapshots, begun, cpu) = (0, 0, 0.0, 0.0)
        for try await snapshot in self.firestore.collection("changes").snapshots() {
            guard begun > 0 else {
                print("ready")
                Measure.flush()
                (begun, cpu) = (Measure.now(), Measure.cpu())
                continue
            }
            seen += snapshot.changes.count
            snapshots += 1
            if snapshot.changes.last?.document["round"] == .integer(Int64(self.options.count)) { break }
        }
        self.options.report(
            #""messages":\#(seen),"snapshots":\#(snapshots),"seconds":\#(Measure.now() - begun),"#
                + #""cpu_seconds":\#(Measure.cpu() - cpu)"#
        )
    }

    /// Memory for each document of a watch, beyond what a watch without documents needs.
    func memory() async throws {
        let empty = try await self.watched("empty")
        let before = Measure.resident()
        let many = try await self.watched("bench")
        try await Task.sleep(for: .seconds(2))
        let kib = (Measure.resident() - before) / Double(max(many.documents, 1))
        self.options.report(#""documents":\#(many.documents),"kib_each":\#(kib)"#)
        empty.watch.cancel()
        many.watch.cancel()
    }

    /// Watches a collection in a task of its own; returns when its documents are there, and how many.
    private func watched(_ collection: String) async throws -> (documents: Int, watch: Task<Void, any Error>) {
        let (counts, counted) = AsyncStream<Int>.makeStream()
        let query = self.firestore.collection(collection)
        let watch = Task {
            for try await snapshot in query.snapshots() { counted.yield(snapshot.documents.count) }
        }
        for await count in counts { return (count, watch) }
        return (0, watch)
    }
}
