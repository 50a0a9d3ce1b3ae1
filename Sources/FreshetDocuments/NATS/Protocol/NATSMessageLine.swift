// SPDX-License-Identifier: Apache-2.0

/// The first line of a message: `MSG subject sid [reply] size`, or `HMSG subject sid [reply] header-size size`.
struct NATSMessageLine {
    let subject: Range<Int>
    let sid: UInt64
    let reply: Range<Int>?
    /// Of the headers, and of them and the value together.
    let headerCount: Int
    let count: Int

    /// - Parameter line: without its end. Nil when it is not such a line.
    init?(_ line: UnsafeRawBufferPointer) {
        var tokens = NATSTokens(line)
        guard let verb = tokens.next(), let subject = tokens.next(), let sid = tokens.next(),
            let sid = NATSTokens.number(line[sid]), let first = tokens.next()
        else { return nil }
        let second = tokens.next()
        let third = second == nil ? nil : tokens.next()
        guard tokens.next() == nil else { return nil }
        let hasHeaders = NATSTokens.isWord(line[verb], "HMSG")
        guard hasHeaders || NATSTokens.isWord(line[verb], "MSG") else { return nil }
        let sizes: (reply: Range<Int>?, headers: Range<Int>?, all: Range<Int>)
        switch (hasHeaders, second, third) {
        case (false, nil, nil): sizes = (nil, nil, first)
        case (false, let second?, nil): sizes = (first, nil, second)
        case (true, let second?, nil): sizes = (nil, first, second)
        case (true, let second?, let third?): sizes = (first, second, third)
        default: return nil
        }
        guard let count = NATSTokens.number(line[sizes.all]), count <= Int32.max,
            let headerCount = sizes.headers.map({ NATSTokens.number(line[$0]) }) ?? 0, headerCount <= count
        else { return nil }
        self.subject = subject
        self.sid = sid
        self.reply = sizes.reply
        self.headerCount = Int(headerCount)
        self.count = Int(count)
    }
}
