// SPDX-License-Identifier: Apache-2.0

/// Objects by their keys, the least recently used of which go when there are too many bytes.
///
/// An object is one array, its key's length, its key and its ``GraphQLBody``, and one place in a list from the most to the
/// least recently used. A table of 64 bits a place finds it: half of its key's fingerprint and where it is.
struct GraphQLRecords: Sendable {
    private struct Slot: Sendable {
        var blob: [UInt8]
        /// The neighbours in the order of use; of a free slot, the next free one is `older`.
        var newer: Int32
        var older: Int32
    }

    /// What an object takes beside its bytes, measured with a million of them: the array's header and malloc's (48, with
    /// what malloc rounds up), its slot (16) and its place in the table (8), both in arrays that are up to twice as large
    /// as needed, three quarters full on average.
    private static let overhead = 48 + 16 * 4 / 3 + 8 * 4 / 3 * 4 / 3

    private let limit: Int
    private var slots: [Slot] = []
    private var free: Int32 = -1
    private var newest: Int32 = -1
    private var oldest: Int32 = -1
    /// Open addressing: the low half is the slot and 1, the high half of the fingerprint's low half, 0 is free.
    private var table: [UInt64] = Array(repeating: 0, count: 16)
    private(set) var count = 0
    /// The bytes of all objects, with what they take beside.
    private(set) var byteCount = 0
    private var merged: [UInt8] = []

    init(limit: Int) {
        self.limit = limit
    }

    func blob(_ slot: Int) -> [UInt8] { self.slots[slot].blob }

    /// Where the body is.
    static func body(of blob: [UInt8]) -> Range<Int> {
        var position = 0
        let count = GraphQLBody.number(blob, &position)
        return position + count..<blob.count
    }

    // MARK: - Finding

    @inline(__always)
    private static func tag(_ key: GraphQLCacheKey) -> UInt32 { UInt32(truncatingIfNeeded: key.fingerprint) }

    /// The slot of the object with this key, whose bytes are `bytes[range]`.
    func find(_ key: GraphQLCacheKey, _ bytes: [UInt8], _ range: Range<Int>) -> Int? {
        let tag = Self.tag(key)
        let mask = self.table.count - 1
        var place = Int(tag) & mask
        while self.table[place] != 0 {
            if UInt32(truncatingIfNeeded: self.table[place] >> 32) == tag {
                let slot = Int(UInt32(truncatingIfNeeded: self.table[place])) - 1
                if Self.hasKey(self.slots[slot].blob, bytes, range) { return slot }
            }
            place = (place + 1) & mask
        }
        return nil
    }

    private static func hasKey(_ blob: [UInt8], _ bytes: [UInt8], _ range: Range<Int>) -> Bool {
        var position = 0
        let count = GraphQLBody.number(blob, &position)
        return GraphQLBody.isSame(blob, position..<position + count, bytes, range)
    }

    /// The object was used.
    mutating func touch(_ slot: Int) {
        guard self.newest != Int32(truncatingIfNeeded: slot) else { return }
        self.unlink(slot)
        self.link(slot)
    }

    // MARK: - Changing

    /// Merges an object into the one with this key, or makes it.
    ///
    /// - Returns: whether anything is different now.
    mutating func merge(
        _ key: GraphQLCacheKey,
        _ keyBytes: [UInt8],
        _ keyRange: Range<Int>,
        body: [UInt8],
        _ bodyRange: Range<Int>
    ) -> Bool {
        guard let slot = self.find(key, keyBytes, keyRange) else {
            self.insert(key, Self.blob(keyBytes, keyRange, body, bodyRange))
            return true
        }
        self.touch(slot)
        let old = self.slots[slot].blob
        let oldBody = Self.body(of: old)
        guard !GraphQLBody.isSame(old, oldBody, body, bodyRange) else { return false }
        self.merged.removeAll(keepingCapacity: true)
        self.merged += old[..<oldBody.lowerBound]
        guard GraphQLBody.merge(old, oldBody, body, bodyRange, into: &self.merged) else { return false }
        self.byteCount += self.merged.count - old.count
        self.slots[slot].blob = Array(self.merged[...])
        return true
    }

    private static func blob(
        _ key: [UInt8],
        _ keyRange: Range<Int>,
        _ body: [UInt8],
        _ bodyRange: Range<Int>
    ) -> [UInt8] {
        let head = keyRange.count < 0x80 ? 1 : keyRange.count < 0x4000 ? 2 : 5
        var blob: [UInt8] = []
        blob.reserveCapacity(head + keyRange.count + bodyRange.count)
        GraphQLBody.append(keyRange.count, to: &blob)
        blob += key[keyRange]
        blob += body[bodyRange]
        return blob
    }

    private mutating func insert(_ key: GraphQLCacheKey, _ blob: [UInt8]) {
        if (self.count + 1) * 4 > self.table.count * 3 { self.growTable() }
        let slot: Int
        self.byteCount += blob.count + Self.overhead
        if self.free >= 0 {
            slot = Int(self.free)
            self.free = self.slots[slot].older
            self.slots[slot].blob = blob
        } else {
            slot = self.slots.count
            self.slots.append(Slot(blob: blob, newer: -1, older: -1))
        }
        self.count += 1
        self.link(slot)
        self.place(UInt64(Self.tag(key)) << 32 | UInt64(slot + 1))
    }

    mutating func remove(_ slot: Int) {
        let blob = self.slots[slot].blob
        var position = 0
        let count = GraphQLBody.number(blob, &position)
        self.removePlace(of: slot, GraphQLCacheKey(blob, position..<position + count))
        self.unlink(slot)
        self.byteCount -= blob.count + Self.overhead
        self.count -= 1
        self.slots[slot] = Slot(blob: [], newer: -1, older: self.free)
        self.free = Int32(truncatingIfNeeded: slot)
    }

    /// Lets go of what was not used for the longest time, until the limit is kept.
    mutating func trim() {
        while self.byteCount > self.limit, self.oldest >= 0 { self.remove(Int(self.oldest)) }
    }

    // MARK: - The order of use

    private mutating func link(_ slot: Int) {
        let index = Int32(truncatingIfNeeded: slot)
        self.slots[slot].newer = -1
        self.slots[slot].older = self.newest
        if self.newest >= 0 { self.slots[Int(self.newest)].newer = index } else { self.oldest = index }
        self.newest = index
    }

    private mutating func unlink(_ slot: Int) {
        let (newer, older) = (self.slots[slot].newer, self.slots[slot].older)
        if newer >= 0 { self.slots[Int(newer)].older = older } else { self.newest = older }
        if older >= 0 { self.slots[Int(older)].newer = newer } else { self.oldest = newer }
    }

    // MARK: - The table

    private mutating func place(_ entry: UInt64) {
        let mask = self.table.count - 1
        var place = Int(entry >> 32) & mask
        while self.table[place] != 0 { place = (place + 1) & mask }
        self.table[place] = entry
    }

    private mutating func growTable() {
        let old = self.table
        self.table = Array(repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 { self.place(entry) }
    }

    /// Closes the gap: what stands behind it moves up, unless it would come before its own place.
    private mutating func removePlace(of slot: Int, _ key: GraphQLCacheKey) {
        let mask = self.table.count - 1
        let entry = UInt64(Self.tag(key)) << 32 | UInt64(slot + 1)
        var gap = Int(Self.tag(key)) & mask
        while self.table[gap] != entry { gap = (gap + 1) & mask }
        var place = (gap + 1) & mask
        while self.table[place] != 0 {
            let home = Int(self.table[place] >> 32) & mask
            if (place - home) & mask >= (place - gap) & mask {
                self.table[gap] = self.table[place]
                gap = place
            }
            place = (place + 1) & mask
        }
        self.table[gap] = 0
    }
}
