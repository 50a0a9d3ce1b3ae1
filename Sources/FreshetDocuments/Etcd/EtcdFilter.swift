// SPDX-License-Identifier: Apache-2.0

/// What etcd is asked to leave out of a watch.
public enum EtcdFilter: String, Sendable, Hashable, CaseIterable {
    /// New values.
    case puts = "NOPUT"
    /// Removals.
    case deletes = "NODELETE"
}
