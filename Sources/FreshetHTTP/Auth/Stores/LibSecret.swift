// SPDX-License-Identifier: Apache-2.0

import FreshetCore

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// The functions of libsecret, and those of GLib that they need, found at run time: nothing is linked, so a program
/// runs where they are not.
///
/// Its calls block, and may wait for a user who is to unlock the keyring.
// Proof for @unchecked and @safe: all are addresses of functions, set once, in a library that is never closed, and
// called here alone. libsecret's calls that end in _sync may be made on any thread.
@safe
struct LibSecret: @unchecked Sendable {
    private typealias Text = UnsafePointer<CChar>
    private typealias Failure = UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private typealias Release = @convention(c) (UnsafeMutableRawPointer?) -> Void
    /// Schema, attributes, flags, cancellable, error; a list of objects.
    private typealias Search =
        @convention(c) (OpaquePointer?, OpaquePointer?, UInt32, OpaquePointer?, Failure?) -> OpaquePointer?
    private typealias NewTable =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
        ) -> OpaquePointer?

    private let newTable: NewTable
    private let insert: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Int32
    private let releaseTable: @convention(c) (OpaquePointer?) -> Void
    private let copyText: @convention(c) (Text?) -> UnsafeMutableRawPointer?
    private let freeError: Release
    private let releaseObject: Release
    private let freeList: @convention(c) (OpaquePointer?, Release) -> Void
    /// Its number, cancellable, error; an object.
    private let connectBus: @convention(c) (Int32, OpaquePointer?, Failure?) -> UnsafeMutableRawPointer?
    private let busErrors: @convention(c) () -> UInt32
    private let hash, equal, free: UnsafeMutableRawPointer
    /// Schema, attributes, collection, label, password, cancellable, error.
    private let storeSecret:
        @convention(c) (OpaquePointer?, OpaquePointer?, Text?, Text?, Text?, OpaquePointer?, Failure?) -> Int32
    /// Schema, attributes, cancellable, error.
    private let lookupSecret:
        @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, Failure?) -> UnsafeMutablePointer<CChar>?
    private let clearSecret: @convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, Failure?) -> Int32
    private let freeSecret: @convention(c) (UnsafeMutablePointer<CChar>?) -> Void
    /// Not in libsecret before 0.19.
    private let searchSecrets: Search?

    /// Loaded once.
    static let loaded: Result<LibSecret, FreshetError> = Result { () throws(FreshetError) in try LibSecret() }

    private init() throws(FreshetError) {
        guard let library = unsafe dlopen("libsecret-1.so.0", RTLD_NOW | RTLD_LOCAL) else {
            throw FreshetError(
                .credentials,
                "there is no keyring to be had: libsecret-1.so.0 is not installed",
                hint: "apt-get install libsecret-1-0, or keep credentials in a file"
            )
        }
        // Proof for each unsafeBitCast: the type is that of the function's declaration in GLib's and libsecret's
        // headers, where gboolean is an int, and a pointer is a pointer.
        func function(_ name: String) throws(FreshetError) -> UnsafeMutableRawPointer {
            guard let address = unsafe dlsym(library, name) else {
                throw FreshetError(.credentials, "libsecret-1.so.0 has no function \(name)")
            }
            return unsafe address
        }
        unsafe self.newTable = unsafe unsafeBitCast(try function("g_hash_table_new_full"), to: NewTable.self)
        unsafe self.insert = unsafe unsafeBitCast(
            try function("g_hash_table_insert"),
            to: (@convention(c) (OpaquePointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Int32).self
        )
        unsafe self.releaseTable = unsafe unsafeBitCast(
            try function("g_hash_table_unref"),
            to: (@convention(c) (OpaquePointer?) -> Void).self
        )
        unsafe self.copyText = unsafe unsafeBitCast(
            try function("g_strdup"),
            to: (@convention(c) (Text?) -> UnsafeMutableRawPointer?).self
        )
        unsafe self.freeError = unsafe unsafeBitCast(try function("g_error_free"), to: Release.self)
        unsafe self.releaseObject = unsafe unsafeBitCast(try function("g_object_unref"), to: Release.self)
        unsafe self.freeList = unsafe unsafeBitCast(
            try function("g_list_free_full"),
            to: (@convention(c) (OpaquePointer?, Release) -> Void).self
        )
        unsafe self.connectBus = unsafe unsafeBitCast(
            try function("g_bus_get_sync"),
            to: (@convention(c) (Int32, OpaquePointer?, Failure?) -> UnsafeMutableRawPointer?).self
        )
        self.busErrors = unsafe unsafeBitCast(
            try function("g_dbus_error_quark"),
            to: (@convention(c) () -> UInt32).self
        )
        unsafe self.hash = try function("g_str_hash")
        unsafe self.equal = try function("g_str_equal")
        unsafe self.free = try function("g_free")
        unsafe self.storeSecret = unsafe unsafeBitCast(
            try function("secret_password_storev_sync"),
            to: (@convention(c) (OpaquePointer?, OpaquePointer?, Text?, Text?, Text?, OpaquePointer?, Failure?) -> Int32)
                .self
        )
        unsafe self.lookupSecret = unsafe unsafeBitCast(
            try function("secret_password_lookupv_sync"),
            to: (@convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, Failure?) -> UnsafeMutablePointer<
                CChar
            >?).self
        )
        unsafe self.clearSecret = unsafe unsafeBitCast(
            try function("secret_password_clearv_sync"),
            to: (@convention(c) (OpaquePointer?, OpaquePointer?, OpaquePointer?, Failure?) -> Int32).self
        )
        unsafe self.freeSecret = unsafe unsafeBitCast(
            try function("secret_password_free"),
            to: (@convention(c) (UnsafeMutablePointer<CChar>?) -> Void).self
        )
        let search = unsafe dlsym(library, "secret_password_searchv_sync")
        unsafe self.searchSecrets = unsafe search.map { unsafe unsafeBitCast($0, to: Search.self) }
    }

    // MARK: - The three calls

    // Proof for unsafe below: texts and the place for the error outlive their call; what a call gives is freed once, by
    // the function that its documentation names; a table owns its texts and is released once.

    func lookup(_ attributes: [String: String]) throws(FreshetError) -> String? {
        let table = unsafe self.table(attributes)
        defer { unsafe self.releaseTable(table) }
        var failure: UnsafeMutableRawPointer?
        let secret = unsafe self.lookupSecret(nil, table, nil, &failure)
        try unsafe self.check(failure)
        guard let secret = unsafe secret else { return nil }
        defer { unsafe self.freeSecret(secret) }
        return unsafe String(cString: secret)
    }

    func store(_ secret: String, label: String, _ attributes: [String: String]) throws(FreshetError) {
        let table = unsafe self.table(attributes)
        defer { unsafe self.releaseTable(table) }
        var failure: UnsafeMutableRawPointer?
        let done = unsafe self.storeSecret(nil, table, nil, label, secret, nil, &failure)
        try unsafe self.check(failure)
        guard done != 0 else { throw Self.error("the keyring did not take the credentials") }
    }

    /// - Returns: why there is no keyring that could have anything; nil where nothing is left.
    func clear(_ attributes: [String: String]) throws(FreshetError) -> FreshetError? {
        let table = unsafe self.table(attributes)
        defer { unsafe self.releaseTable(table) }
        var failure: UnsafeMutableRawPointer?
        // False where there was nothing; also, without an error, where what there is is locked.
        _ = unsafe self.clearSecret(nil, table, nil, &failure)
        let isAbsence = unsafe self.isAbsence(failure)
        do throws(FreshetError) {
            try unsafe self.check(failure)
        } catch {
            guard isAbsence else { throw error }
            return error
        }
        // Finds what is locked too, and does not unlock it.
        guard let search = unsafe self.searchSecrets else { return nil }
        let left = unsafe search(nil, table, 0, nil, &failure)
        try unsafe self.check(failure)
        guard let left = unsafe left else { return nil }
        unsafe self.freeList(left, self.releaseObject)
        throw Self.error("the keyring is locked, and keeps the credentials")
    }

    private func table(_ attributes: [String: String]) -> OpaquePointer? {
        let table = unsafe self.newTable(self.hash, self.equal, self.free, self.free)
        for (name, value) in attributes {
            _ = unsafe self.insert(table, self.copyText(name), self.copyText(value))
        }
        return unsafe table
    }

    /// Whether a failure says that nobody is there: the bus has no such service (`G_DBUS_ERROR_SERVICE_UNKNOWN` is 2,
    /// `_NAME_HAS_NO_OWNER` is 3), or there is no bus.
    private func isAbsence(_ failure: UnsafeMutableRawPointer?) -> Bool {
        guard let failure = unsafe failure else { return false }
        let domain = unsafe failure.load(as: UInt32.self)
        let code = unsafe failure.load(fromByteOffset: MemoryLayout<UInt32>.size, as: Int32.self)
        if domain == self.busErrors() { return code == 2 || code == 3 }
        // That of the session is 2 (`G_BUS_TYPE_SESSION`).
        guard let bus = unsafe self.connectBus(2, nil, nil) else { return true }
        unsafe self.releaseObject(bus)
        return false
    }

    /// A `GError` is a number of 32 bits, another one, and the address of its message.
    private func check(_ failure: UnsafeMutableRawPointer?) throws(FreshetError) {
        guard let failure = unsafe failure else { return }
        let offset = MemoryLayout<UInt32>.size + MemoryLayout<Int32>.size
        let message = unsafe failure.load(fromByteOffset: offset, as: UnsafePointer<CChar>?.self)
        let words = unsafe message.map { unsafe String(cString: $0) } ?? "it does not say why"
        unsafe self.freeError(failure)
        throw Self.error("the keyring cannot be used: \(words.prefix(300))")
    }

    private static func error(_ message: String) -> FreshetError {
        FreshetError(
            .credentials,
            message,
            hint: "it needs a D-Bus session with a Secret Service (gnome-keyring, KWallet, KeePassXC) that is unlocked"
        )
    }
}
