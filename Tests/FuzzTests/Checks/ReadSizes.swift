// SPDX-License-Identifier: Apache-2.0

/// How a stream of bytes is cut into reads.
enum ReadSizes {
    case whole
    /// Byte by byte; a long stream in about a thousand reads, so that an input takes no time to speak of.
    case finest
    /// Sizes between the finest and some bound, both chosen by the number, always the same for the same number.
    case varied(UInt8)

    /// The reads' ends, in order; `offset` is always one of them.
    func ends(of count: Int, andAt offset: Int? = nil) -> [Int] {
        var ends: [Int] = []
        var position = 0
        let finest = 1 + count / 1024
        var state: UInt32 = 0
        var bound: UInt32 = 0
        if case .varied(let seed) = self {
            state = UInt32(seed) &* 2_654_435_761 &+ 1
            bound = [3, 16, 200, 20_000][Int(seed & 3)]
        }
        while position < count {
            let size: Int
            switch self {
            case .whole: size = count
            case .finest: size = finest
            case .varied:
                state = state &* 1_664_525 &+ 1_013_904_223
                size = Int((state >> 8) % bound) + finest
            }
            let next = min(position + size, count)
            position = if let offset, position < offset, next > offset { offset } else { next }
            ends.append(position)
        }
        return ends
    }
}
