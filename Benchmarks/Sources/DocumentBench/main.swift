// SPDX-License-Identifier: Apache-2.0

import FreshetDocuments

// Our side of Benchmarks/documents.py: DocumentBench MODE URL [--count N] [--from REVISION]

let options = Options(CommandLine.arguments)
switch options.mode {
case "etcd-catch-up": try await EtcdRows(options).catchUp()
case "etcd-latency": try await EtcdRows(options).latency()
case "etcd-watches": try await EtcdRows(options).watches()
case "etcd-slow": try await EtcdRows(options).slow()
case "nats-catch-up": try await NATSRows(options).catchUp()
case "nats-latency": try await NATSRows(options).latency()
case "firestore-first": try await FirestoreRows(options).first()
case "firestore-changes": try await FirestoreRows(options).changes()
case "firestore-memory": try await FirestoreRows(options).memory()
default: fatalError("unknown mode \(options.mode)")
}
