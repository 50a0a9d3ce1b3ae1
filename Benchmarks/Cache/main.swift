// SPDX-License-Identifier: Apache-2.0

// The cache of GraphQL results with many objects: what one costs to write and to read, and how much memory it takes. A target of
// the package itself, for the cache is no public API. Prints one line of JSON.
//
//     CacheMeasure [OBJECTS]        1,000,000 unless told, in pages of 1,000

import FreshetCore
import FreshetGraphQL

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

let objects = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
let page = 1_000

/// What this process has used.
func usage() -> rusage {
    var usage = rusage()
    #if canImport(Darwin)
    getrusage(RUSAGE_SELF, &usage)
    #else
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    #endif
    return usage
}

/// CPU seconds of this process.
func cpu() -> Double {
    let usage = usage()
    let times = [usage.ru_utime, usage.ru_stime]
    return times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
}

/// The most memory that was resident so far, in bytes.
func peakMemory() -> Int {
    #if canImport(Darwin)
    usage().ru_maxrss
    #else
    usage().ru_maxrss * 1024
    #endif
}

func payload(_ number: Int) -> Bytes {
    var json = #"{"data":{"__typename":"Query","items":["#
    for index in number * page..<(number + 1) * page {
        if index > number * page { json += "," }
        json += #"{"__typename":"Item","id":"item-\#(index)","name":"Name of the item \#(index)","#
        json += #""price":\#(index % 1000).50,"flag":\#(index % 2 == 0),"updatedAt":"2026-01-01T00:00:10Z"}"#
    }
    return Bytes(copying: (json + "]}}").utf8)
}

let text = "query ($page: Int!) { items(page: $page) { id name price flag updatedAt } }"
let document = try GraphQLDocument(text).withTypenames()
let operations = try (0..<objects / page).map {
    try GraphQLOperation(document, variables: ["page": .integer(Int64($0))])
}
var cache = GraphQLCache(GraphQLCacheConfiguration(byteLimit: 8 << 30))
let memoryBefore = peakMemory()
var writing = 0.0
for (number, operation) in operations.enumerated() {
    // Made one at a time, so that it is not the pages that fill the memory.
    let page = payload(number)
    let begin = cpu()
    _ = try cache.write(page, operation)
    writing += cpu() - begin
}
let memory = peakMemory() - memoryBefore
var bytes = 0
let begin = cpu()
for operation in operations { bytes += cache.read(operation).data?.count ?? 0 }
let reading = cpu() - begin
precondition(bytes > objects * 50, "the cache lost objects")
let count = Double(objects)
print(
    #"{"objects":\#(objects),"write_ns":\#(writing / count * 1e9),"read_ns":\#(reading / count * 1e9),"#
        + #""bytes":\#(Double(memory) / count)}"#
)
