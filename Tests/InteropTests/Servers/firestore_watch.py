# SPDX-License-Identifier: Apache-2.0
"""Watches users with n < 50 in a Firestore, ordered by n, with Google's own library.

    firestore_watch.py PROJECT

Prints each snapshot as a line of JSON: its changes as kind and id, and the ids of its documents in their order. (The places that the
library tells are not those of the list: it counts what was ever inserted.) Ends when it is stopped, or after four minutes.
"""

import json
import sys
import threading

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter


def told(documents, changes, _time):
    said = {
        "changes": [f"{change.type.name.lower()} {change.document.id}" for change in changes],
        "documents": [document.id for document in documents],
    }
    print(json.dumps(said), flush=True)


users = firestore.Client(project=sys.argv[1]).collection("users")
watch = users.where(filter=FieldFilter("n", "<", 50)).order_by("n").on_snapshot(told)
threading.Event().wait(240)
