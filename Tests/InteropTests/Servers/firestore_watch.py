# SPDX-License-Identifier: Apache-2.0
"""Watches users with n < 50 in a Firestore, ordered by n, with Google's own library.

    firestore_watch.py PROJECT

Prints the changes of each snapshot as a line of JSON: kind, id, place before, place after. Ends with its standard input, or when
it is stopped.
"""

import json
import sys
import threading

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter


def told(_documents, changes, _time):
    print(
        json.dumps(
            [f"{change.type.name.lower()} {change.document.id} {change.old_index} {change.new_index}" for change in changes]
        ),
        flush=True,
    )


users = firestore.Client(project=sys.argv[1]).collection("users")
watch = users.where(filter=FieldFilter("n", "<", 50)).order_by("n").on_snapshot(told)
threading.Event().wait(240)
