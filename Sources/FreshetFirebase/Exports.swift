// SPDX-License-Identifier: Apache-2.0

// Feeds, documents and errors are part of this module's face: one import is enough.
@_exported public import Freshet
@_exported public import FreshetDocuments
